#include "redis/resp.hpp"

#include <charconv>

#include <hiredis/read.h>

namespace dbha::redis {
namespace {

// hiredis gives its buffer back when more than this is unused; its own limit of 16 kB makes it allocate anew for each
// batch of replies.
constexpr std::size_t kept_buffer = std::size_t{256} << 10;

void append_header(std::string& out, char type, std::size_t count) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, count).ptr;
  out += type;
  out.append(digits, end);
  out += "\r\n";
}

template <class Text>
void append(std::string& out, std::span<const Text> args) {
  append_header(out, '*', args.size());
  for (const auto& arg : args) {
    append_header(out, '$', arg.size());
    out.append(arg);
    out += "\r\n";
  }
}

}  // namespace

void append_command(std::string& out, std::span<const std::string> args) {
  append<std::string>(out, args);
}

void append_command(std::string& out, std::span<const std::string_view> args) {
  append<std::string_view>(out, args);
}

/// What hiredis calls while it parses. nullptr tells it to stop.
struct ReplyReader::Builder {
  redisReplyObjectFunctions functions{};
  std::size_t limit;
  std::size_t decoded = 0;  // bytes of the reply being built
  Value root;

  explicit Builder(std::size_t max_bytes) : limit(max_bytes) {
    functions.createString = [](const redisReadTask* task, char* text, std::size_t size) noexcept -> void* {
      return place_text(task, text, size);
    };
    functions.createInteger = [](const redisReadTask* task, long long number) noexcept -> void* {
      Value* value = place(task, Value::Kind::integer, 0);
      if (value) value->integer = number;
      return value;
    };
    functions.createNil = [](const redisReadTask* task) noexcept -> void* { return place(task, Value::Kind::nil, 0); };
    functions.freeObject = [](void*) noexcept {};  // root is ours
    set_array(functions.createArray);
    refuse_resp3(functions);
  }

  static Value* place(const redisReadTask* task, Value::Kind kind, std::size_t bytes) noexcept {
    auto& self = *static_cast<Builder*>(task->privdata);
    if (!task->parent) self.decoded = 0;
    self.decoded += sizeof(Value) + bytes;
    if (self.decoded > self.limit) return nullptr;
    Value* value = &self.root;
    if (task->parent) {
      // Elements are appended as they come, not allocated by the count in the header: "*2147483647" is free to send.
      // Earlier siblings may move, but hiredis keeps no pointer to a finished one.
      value = &static_cast<Value*>(task->parent->obj)->elements.emplace_back();
    } else {
      self.root = Value{};
    }
    value->kind = kind;
    return value;
  }

  static Value* place_text(const redisReadTask* task, const char* text, std::size_t size) noexcept {
    Value::Kind kind{};
    switch (task->type) {
      case REDIS_REPLY_STRING:
        kind = Value::Kind::text;
        break;
      case REDIS_REPLY_STATUS:
        kind = Value::Kind::status;
        break;
      case REDIS_REPLY_ERROR:
        kind = Value::Kind::error;
        break;
      default:
        return nullptr;  // a type of RESP3, which nobody asked for
    }
    Value* value = place(task, kind, size);
    if (value) value->text.assign(text, size);
    return value;
  }

  // The type of the count is int in hiredis 0.14 and size_t from 1.0 on; of the further functions of 1.0 on, which
  // build types of RESP3, 0.14 has none. Templates let one source serve both.
  template <class Count>
  static void set_array(void* (*&function)(const redisReadTask*, Count)) {
    function = [](const redisReadTask* task, Count) noexcept -> void* {
      return task->type == REDIS_REPLY_ARRAY ? place(task, Value::Kind::array, 0) : nullptr;
    };
  }
  template <class Functions>
  static void refuse_resp3(Functions& all) {
    if constexpr (requires { all.createDouble; }) {
      all.createDouble = [](const redisReadTask*, double, char*, std::size_t) noexcept -> void* { return nullptr; };
    }
    if constexpr (requires { all.createBool; }) {
      all.createBool = [](const redisReadTask*, int) noexcept -> void* { return nullptr; };
    }
  }
};

void ReplyReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(std::size_t max_reply_bytes)
    : builder_(std::make_unique<Builder>(max_reply_bytes)),
      reader_(redisReaderCreateWithFunctions(&builder_->functions)),
      max_reply_bytes_(max_reply_bytes) {
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = builder_.get();
  reader_->maxbuf = kept_buffer;
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  if (error_.empty() && redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    error_ = reader_->errstr;
  }
}

ReplyReader::Status ReplyReader::next(Value& value) {
  if (!error_.empty()) return Status::broken;
  void* reply = nullptr;
  const int result = redisReaderGetReply(reader_.get(), &reply);
  if (result == REDIS_OK && reply) {
    value = std::move(builder_->root);
    return Status::reply;
  }
  const bool too_long = builder_->decoded > max_reply_bytes_ || reader_->len - reader_->pos > max_reply_bytes_;
  if (result == REDIS_OK && !too_long) return Status::incomplete;
  if (too_long) {
    error_ = "the reply is longer than " + std::to_string(max_reply_bytes_) + " bytes";
  } else if (reader_->err == REDIS_ERR_OOM) {  // what hiredis makes of our refusal to build a value
    error_ = "this is not RESP2: a type of RESP3";
  } else {
    error_ = std::string("this is not RESP2: ") + reader_->errstr;
  }
  return Status::broken;
}

}  // namespace dbha::redis
