"""Runs one command and prints what it took: from a process so small that its own memory hides none of the command's.

    python -I -S stopwatch.py COMMAND …

What a process inherits from the one that starts it counts as its peak, so the bench itself must not start contestants.
"""

import json
import os
import sys
import time

started = time.perf_counter()
process = os.posix_spawn(
    sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, sys.stderr.fileno(), 1)]
)
_, status, usage = os.wait4(process, 0)
wall_s = time.perf_counter() - started
print(json.dumps({"wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}))
sys.exit(os.waitstatus_to_exitcode(status) != 0)
