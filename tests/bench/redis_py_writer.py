# The reference of first_write: redis-py's cluster client with its defaults, writing one key after the other as fast as
# it can. Prints the monotonic time (ns) of each success; errors only on standard error.
import sys
import time

from redis.cluster import RedisCluster

port, keys = int(sys.argv[1]), sys.argv[2:]
client = RedisCluster(host="127.0.0.1", port=port)
while True:
    for key in keys:
        try:
            client.set(key, "redis-py")
            print(time.monotonic_ns(), flush=True)
        except Exception as error:
            print(type(error).__name__, file=sys.stderr, flush=True)
        time.sleep(0.002)
