"""A strict stand-in for Exact Online: for tests, for the demo, and for trying things out.

```python
simulator = Simulator(Settings(hostile=0.3))
client = httpx.Client(transport=SimulatorTransport(simulator), base_url="https://start.exactonline.nl")
...
assert simulator.violations() == []
assert simulator.truth(1000001, "GLAccounts") == ...
```

What goes wrong at Exact can be planted, see `exactsync.simulator.faults`.

It knows nothing about the client: it owns the published property lists (`properties/*.json`), refuses what Exact
refuses in Exact's words, and remembers each rule that was broken. Facts about Exact come from its documentation, or
from reports that the code names.
"""

from __future__ import annotations

from exactsync.simulator.changes import Change
from exactsync.simulator.clock import Clock
from exactsync.simulator.faults import FAULTS, Fault
from exactsync.simulator.rules import CallKey, Rule, Violation
from exactsync.simulator.server import SimulatorServer, serve
from exactsync.simulator.settings import (
    DEMO_APP,
    DEMO_COMPANIES,
    DEMO_USER,
    Company,
    RegisteredApp,
    Settings,
    User,
)
from exactsync.simulator.simulator import Simulator
from exactsync.simulator.transport import SimulatorTransport

__all__ = [
    "DEMO_APP",
    "DEMO_COMPANIES",
    "DEMO_USER",
    "FAULTS",
    "CallKey",
    "Change",
    "Clock",
    "Company",
    "Fault",
    "RegisteredApp",
    "Rule",
    "Settings",
    "Simulator",
    "SimulatorServer",
    "SimulatorTransport",
    "User",
    "Violation",
    "serve",
]
