"""A strict stand-in for Spendesk's public API: tokens, limits, snapshots of payables, receipts.

```python
spendesk = SpendeskSimulator(company=company_of(exact, 1000001))
client = httpx.Client(transport=SimulatorTransport(spendesk), base_url="https://public-api.spendesk.com")
```

Like its neighbour it knows nothing about the client and remembers each rule that was broken. What Spendesk's pages and
OpenAPI leave open is a switch in `settings`.
"""

from __future__ import annotations

from exactsync.simulator.spendesk.company import SpendeskCompany, company_of
from exactsync.simulator.spendesk.rules import SpendeskRule, SpendeskViolation
from exactsync.simulator.spendesk.settings import SpendeskSettings
from exactsync.simulator.spendesk.simulator import SpendeskSimulator

__all__ = [
    "SpendeskCompany",
    "SpendeskRule",
    "SpendeskSettings",
    "SpendeskSimulator",
    "SpendeskViolation",
    "company_of",
]
