"""The local stack and the story that `make demo` tells with it. It starts Airflow's processes, but imports none."""
