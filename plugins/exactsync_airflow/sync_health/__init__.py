"""The page Sync health of the Airflow UI: how every data set, every call budget and every day of changes stands.

It only looks. Its one route and its modules are part of the application of `exactsync_airflow.accounting_setup`, whose
rights, addresses, refusals and components it shares. Only the api-server imports it.
"""

from __future__ import annotations
