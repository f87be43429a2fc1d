"""The page Exports of the Airflow UI: every payable on its way to Exact Online, and what people decide about it.

Its routes and its modules are part of the application of `exactsync_airflow.accounting_setup`, whose addresses,
refusals and components it shares; its rights are those on the DAG `exact_online_export`. Only the api-server imports
it.
"""

from __future__ import annotations
