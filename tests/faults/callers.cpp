#include "callers.hpp"

namespace dbha::test {
namespace {

Call call_of(Kind kind, const Keys& keys, unsigned number, Duration deadline) {
  Call call;
  call.key = kind == Kind::increment ? keys.counter : keys.name;
  call.deadline = deadline;
  call.repeatable = kind == Kind::repeatable;
  switch (kind) {
    case Kind::read:
      call.args = {"GET", call.key};
      break;
    case Kind::repeatable:
    case Kind::once:
      call.args = {"SET", call.key, call.key + '#' + std::to_string(number)};
      break;
    case Kind::increment:
      call.args = {"INCR", call.key};
      break;
  }
  return call;
}

}  // namespace

Caller::Caller(Controller& controller, std::shared_ptr<Ledger> ledger, Keys keys, Duration deadline, Mix mix)
    : controller_(controller),
      ledger_(std::move(ledger)),
      keys_(std::move(keys)),
      name_(ledger_->add_key(keys_.name)),
      counter_(ledger_->add_key(keys_.counter)),
      deadline_(deadline),
      mix_(mix) {}

Kind Caller::next_kind() {
  if (mix_ == Mix::increments) return Kind::increment;
  return static_cast<Kind>(number_ % 4);
}

void Caller::submit(bool more) {
  const Kind kind = next_kind();
  Call call = call_of(kind, keys_, number_++, deadline_);
  const auto id = ledger_->open({.kind = kind,
                                 .controller = keys_.controller,
                                 .shard = keys_.shard,
                                 .key = kind == Kind::increment ? counter_ : name_,
                                 .deadline = deadline_});
  controller_.submit(std::move(call), [self = shared_from_this(), id, more](Result result) {
    self->ledger_->close(id, result);
    if (more && !self->stopped_) self->submit(true);
  });
}

}  // namespace dbha::test
