"""The Accounting setup page of the Airflow UI: its API, its OAuth callback and the modules that the browser loads.

No logic of its own: what can be done, and when, is `exactsync.setup`'s to say; this package knows who may ask for it.
Only the api-server imports it: FastAPI and Airflow's own API cost half a second, which tasks and parsers don't pay.
"""

from __future__ import annotations
