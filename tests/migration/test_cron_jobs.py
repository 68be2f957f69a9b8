"""Names of the jobs of pg_cron."""

from __future__ import annotations

from itertools import permutations

from jittask_pg.migration import job_prefix


def test_a_job_bears_the_name_of_its_database() -> None:
    assert job_prefix("app") == "jittask:app:"


def test_no_database_takes_the_jobs_of_another_one_for_its_own() -> None:
    long = "a" * 50
    names = ["app", "app:run 1", "app_run 1", "app2", long, long + "b", "ä" * 30, "ä" * 31]
    assert not any(job_prefix(one).startswith(job_prefix(other)) for one, other in permutations(names, 2))
    assert all(len(f"{job_prefix(name)}run 9999".encode()) <= 63 for name in names)
