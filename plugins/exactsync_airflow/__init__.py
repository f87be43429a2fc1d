"""The Airflow face of exactsync."""


def get_provider_info() -> dict[str, object]:
    return {"package-name": "exactsync", "name": "Exact Online", "description": "Exact Online accounting"}
