"""What the sandbox answers to each call of `HfApi`; the reference page's table is made of this.

Whatever is in none of these groups is supported, and must be called in a test of this folder.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi, Volume

SPACE = "ada/a-space"
BUCKET = "ada/a-bucket"
JOB = "0" * 24
NAMED = {"job_id": JOB, "namespace": "ada"}
PLANNED = {"scheduled_job_id": JOB, "namespace": "ada"}

NOT_OFFERED: dict[str, Callable[[HfApi], object]] = {
    "add_space_secret": lambda api: api.add_space_secret(SPACE, "key", "value"),
    "add_space_variable": lambda api: api.add_space_variable(SPACE, "key", "value"),
    "batch_bucket_files": lambda api: api.batch_bucket_files(BUCKET, delete=["x"]),
    "bucket_info": lambda api: api.bucket_info(BUCKET),
    "cancel_job": lambda api: api.cancel_job(**NAMED),
    "create_bucket": lambda api: api.create_bucket(BUCKET),
    "create_scheduled_job": lambda api: api.create_scheduled_job(
        image="python", command=["true"], schedule="@daily", namespace="ada"
    ),
    "delete_bucket": lambda api: api.delete_bucket(BUCKET),
    "delete_scheduled_job": lambda api: api.delete_scheduled_job(**PLANNED),
    "delete_space_secret": lambda api: api.delete_space_secret(SPACE, "key"),
    "delete_space_variable": lambda api: api.delete_space_variable(SPACE, "key"),
    "delete_space_volumes": lambda api: api.delete_space_volumes(SPACE),
    "disable_space_dev_mode": lambda api: api.disable_space_dev_mode(SPACE),
    "enable_space_dev_mode": lambda api: api.enable_space_dev_mode(SPACE),
    "fetch_space_logs": lambda api: list(api.fetch_space_logs(SPACE)),
    "get_bucket_file_metadata": lambda api: api.get_bucket_file_metadata(BUCKET, "x"),
    "get_bucket_paths_info": lambda api: list(api.get_bucket_paths_info(BUCKET, ["x"])),
    "get_dataset_leaderboard": lambda api: api.get_dataset_leaderboard("ada/notes"),
    "get_sharded_safetensors_metadata": lambda api: api.get_sharded_safetensors_metadata(
        "ada/tiny-bert"
    ),
    "get_space_runtime": lambda api: api.get_space_runtime(SPACE),
    "get_space_secrets": lambda api: api.get_space_secrets(SPACE),
    "get_space_variables": lambda api: api.get_space_variables(SPACE),
    "get_zero_gpu_quota": lambda api: api.get_zero_gpu_quota(),
    "inspect_job": lambda api: api.inspect_job(**NAMED),
    "inspect_scheduled_job": lambda api: api.inspect_scheduled_job(**PLANNED),
    "list_bucket_tree": lambda api: list(api.list_bucket_tree(BUCKET)),
    "list_buckets": lambda api: list(api.list_buckets()),
    "list_daily_papers": lambda api: list(api.list_daily_papers()),
    "list_jobs": lambda api: list(api.list_jobs(namespace="ada")),
    "list_jobs_hardware": lambda api: api.list_jobs_hardware(),
    "list_papers": lambda api: list(api.list_papers(query="x")),
    "list_scheduled_jobs": lambda api: list(api.list_scheduled_jobs(namespace="ada")),
    "list_space_templates": lambda api: api.list_space_templates(),
    "list_spaces_hardware": lambda api: api.list_spaces_hardware(),
    "move_bucket": lambda api: api.move_bucket(BUCKET, "ada/another"),
    "paper_info": lambda api: api.paper_info("2402.19173"),
    "pause_space": lambda api: api.pause_space(SPACE),
    "read_paper": lambda api: api.read_paper("2402.19173"),
    "request_space_hardware": lambda api: api.request_space_hardware(SPACE, "cpu-basic"),
    "rerun_job": lambda api: api.rerun_job(**NAMED),
    "restart_space": lambda api: api.restart_space(SPACE),
    "resume_scheduled_job": lambda api: api.resume_scheduled_job(**PLANNED),
    "run_job": lambda api: api.run_job(image="python", command=["true"], namespace="ada"),
    "search_spaces": lambda api: list(api.search_spaces("x")),
    "set_space_sleep_time": lambda api: api.set_space_sleep_time(SPACE, 300),
    "set_space_volumes": lambda api: api.set_space_volumes(
        SPACE, [Volume(type="model", source="ada/tiny-bert", mount_path="/x")]
    ),
    "suspend_scheduled_job": lambda api: api.suspend_scheduled_job(**PLANNED),
    "trigger_scheduled_job": lambda api: api.trigger_scheduled_job(**PLANNED),
    "update_collection_resource_group": lambda api: api.update_collection_resource_group(
        "ada/notes-" + "0" * 24, None
    ),
    "update_bucket_settings": lambda api: api.update_bucket_settings(BUCKET, private=True),
    "update_job_labels": lambda api: api.update_job_labels(**NAMED, labels={}),
    "update_scheduled_job_labels": lambda api: api.update_scheduled_job_labels(
        **PLANNED, labels={}
    ),
    "update_scheduled_job_schedule": lambda api: api.update_scheduled_job_schedule(
        **PLANNED, schedule="@daily"
    ),
    "wait_for_job": lambda api: api.wait_for_job(JOB, namespace="ada"),
    "wait_for_space": lambda api: api.wait_for_space(SPACE),
}
"""Calls that are answered with status 501 and one sentence."""

_ENDPOINTS = "asks Inference Endpoints, a service of its own"
_JOBS = "jobs: status 501 at its first request"
_BUCKETS = "storage buckets: status 501 at its first request"

OTHERWISE: dict[str, str] = {
    "create_inference_endpoint": _ENDPOINTS,
    "create_inference_endpoint_from_catalog": _ENDPOINTS,
    "create_scheduled_uv_job": _JOBS,
    "delete_inference_endpoint": _ENDPOINTS,
    "download_bucket_files": _BUCKETS,
    "fetch_job_logs": _JOBS,
    "fetch_job_metrics": _JOBS,
    "get_inference_endpoint": _ENDPOINTS,
    "list_dataset_parquet_files": "asks the dataset viewer, a service of huggingface.co",
    "list_inference_catalog": _ENDPOINTS,
    "list_inference_endpoints": _ENDPOINTS,
    "list_inference_endpoints_hardware": _ENDPOINTS,
    "pause_inference_endpoint": _ENDPOINTS,
    "permanently_delete_lfs_files": "status 501: a DOI may name the file",
    "resume_inference_endpoint": _ENDPOINTS,
    "run_uv_job": _JOBS,
    "scale_to_zero_inference_endpoint": _ENDPOINTS,
    "sync_bucket": _BUCKETS,
    "sync_job_volume": _BUCKETS,
    "update_inference_endpoint": _ENDPOINTS,
    "update_job_expose": _JOBS,
    "upload_attachment": "status 501: the sandbox keeps no attachments",
}
"""Calls that do not end at the sandbox, or that need more than one answer of it."""


def methods() -> list[str]:
    """The public methods of the installed `HfApi`."""
    return [name for name, _ in inspect.getmembers(HfApi) if not name.startswith("_")]


def said_of(name: str) -> str:
    """The table's entry for a method."""
    if name in NOT_OFFERED:
        return "status 501"
    return OTHERWISE.get(name, "supported")


def table() -> str:
    """The table of the reference page."""
    rows = [f"| `{name}` | {said_of(name)} |" for name in methods()]
    return "\n".join(["| call | on the sandbox |", "|---|---|", *rows]) + "\n"


def untested() -> list[str]:
    """The supported methods that no test of this folder calls."""
    written = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    return [
        name for name in methods() if said_of(name) == "supported" and f".{name}(" not in written
    ]
