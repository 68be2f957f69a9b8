"""Each sample of the documents runs as printed and does what its page says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from jittask_pg import JitTask, daily, days, jitai
from tests.api.urls import url_of
from tests.jitai import documents


class Base(DeclarativeBase):
    pass


class Meeting(Base):
    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    held_on: Mapped[date | None]


def run(sample: str) -> dict[str, Any]:
    names: dict[str, Any] = {"app": jitai.app}
    exec(sample, names)
    return names


def waiting(connection: psycopg.Connection, occurrence_id: str) -> tuple[Any, ...]:
    row = connection.execute(
        "select handler, args, title, due_at, created_by is not null from jittask.due_queue"
        " where occurrence_id = %s",
        [int(occurrence_id)],
    ).fetchone()
    assert row is not None
    return row


def test_the_quick_start_creates_a_one_off_labelled_with_its_full_name(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    result = run(documents.QUICK_START)["result"]
    assert result == {"taskId": result["taskId"], "status": "pending"}
    assert isinstance(result["taskId"], str)
    handler, args, title, _, _ = waiting(connection, result["taskId"])
    assert (handler, args, title) == ("executeTask", {"param1": "value1"}, "tasks.MyTask")


def test_the_template_list_names_tasks_and_filters_by_title(
    jittask: JitTask, capsys: pytest.CaptureFixture[str]
) -> None:
    jittask.schedule("backup", "services.BackupSvc.run", daily("01:00"), title="Nightly data backup")
    jittask.schedule("report", "services.ReportSvc.run", daily("09:00"))
    names = run(documents.TEMPLATE_LIST)
    assert {
        "title": "Nightly data backup",
        "taskType": "tasks.NormalType",
        "repeatType": "daily",
        "fullName": "tasks.backup",
    } in names["all_templates"]
    assert [one["fullName"] for one in names["filtered_templates"]] == ["tasks.backup"]
    assert "Full path: tasks.report" in capsys.readouterr().out


def test_a_created_task_waits_until_its_start_time_and_ends_by_force(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    names = run(documents.CREATE_SCHEDULED_TASK)
    task_id = names["result"]["taskId"]
    due_at = waiting(connection, task_id)[3]
    # Its start time has no zone; here the installation's is UTC.
    assert due_at.replace(tzinfo=None) == names["future_time"].replace(microsecond=0)
    service = jitai.app.getElement("services.TaskSvc")
    assert service.forcedEnd(task_id) == {"taskId": task_id, "result": "cancelled"}
    assert service.forcedEnd(task_id) == {"taskId": task_id, "result": "ended"}


def test_forcing_the_end_of_an_id_that_nobody_handed_out_says_unknown(jittask: JitTask) -> None:
    assert run(documents.FORCE_END)["result"] == {"taskId": "task_uuid_12345", "result": "unknown"}
    assert jitai.app.getElement("services.TaskSvc").forcedEnd("999999999")["result"] == "unknown"


def test_the_lifecycle_sample_creates_a_task_after_a_template(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    jittask.schedule("aa_first", "services.BusinessSvc.processData", daily("09:00"))
    result = run(documents.LIFECYCLE)["result"]
    assert waiting(connection, result["taskId"])[2] == "tasks.aa_first"


def test_the_batch_sample_creates_two_tasks_of_one_name(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    results = run(documents.BATCH)["results"]
    rows = [waiting(connection, result["taskId"]) for result in results]
    assert [row[2] for row in rows] == ["tasks.DataSync", "tasks.DataSync"]
    assert [row[0] for row in rows] == ["services.SyncSvc.syncUserData", "services.SyncSvc.syncOrderData"]


def test_a_temporary_task_waits_thirty_minutes(jittask: JitTask, connection: psycopg.Connection) -> None:
    create_order = run(documents.TEMPORARY_TASK)["create_order"]
    assert create_order(1, []) == "ORD_123456"
    row = connection.execute(
        "select handler, args, due_at - jittask.now() between '29 minutes' and '30 minutes'"
        " from jittask.due_queue where handler = 'services.OrderSvc.checkAndCancel'"
    ).fetchone()
    assert row == ("services.OrderSvc.checkAndCancel", {"orderId": "ORD_123456", "reason": "timeout"}, True)


def test_a_temporary_task_without_start_time_is_due_at_once(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    task_id = jitai.createTemporaryTask("services.OrderSvc.autoCancel")
    row = connection.execute(
        "select due_at <= jittask.now() from jittask.due_queue where occurrence_id = %s", [int(task_id)]
    ).fetchone()
    assert row == (True,)


def test_start_times_are_read_in_the_zone_of_the_installation(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    connection.execute("update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone'")
    try:
        task_id = jitai.createTemporaryTask("services.A.b", startTime="2030-01-01 10:00:00")
        due_at = waiting(connection, task_id)[3]
    finally:
        connection.execute("update jittask.setting set value = 'UTC' where name = 'timezone'")
    assert due_at == datetime(2030, 1, 1, 2, tzinfo=UTC)


def test_a_task_created_in_a_transaction_is_gone_when_it_rolls_back(
    jittask: JitTask, database: str, connection: psycopg.Connection
) -> None:
    engine = create_engine(url_of(database))
    with Session(engine) as session, jitai.transaction(session):
        kept = jitai.createTemporaryTask("services.A.kept")
        session.commit()
        lost = jitai.createTemporaryTask("services.A.lost")
        session.rollback()
    engine.dispose()
    ids = connection.execute(
        "select occurrence_id from jittask.due_queue where handler in ('services.A.kept', 'services.A.lost')"
    ).fetchall()
    assert ids == [(int(kept),)]
    assert lost != kept


def test_the_save_callback_answers_what_the_triggers_planned(
    jittask: JitTask, database: str, connection: psycopg.Connection
) -> None:
    connection.execute("create table meeting (id int primary key, held_on date)")
    jittask.on_date(Meeting.held_on, "services.Remind.send", name="remind", offset=days(-1), at="18:00")
    save = run(documents.SAVE_CALLBACK)["onModelUpdate"]
    delete = run(documents.DELETE_CALLBACK)["onModelDelete"]
    events = run(documents.MODEL_EVENTS)
    engine = create_engine(url_of(database))
    with Session(engine) as session:
        meeting = Meeting(id=7, held_on=date(2035, 5, 2))
        session.add(meeting)
        session.flush()
        meeting._original_data = None  # type: ignore[attr-defined]
        answer = events["afterSave"](meeting)
        assert answer["result"] == "planned by the database"
        [planned] = answer["planned"]
        assert planned["fullName"] == "remind"
        assert planned["key"] == {"id": 7}
        assert planned["startTime"] == "2035-05-01 18:00:00"
        # Nobody else sees it before the commit.
        assert save({"postData": {"id": 7, "held_on": "2035-05-02"}})["planned"] == []
        session.commit()
        assert save({"postData": {"id": 7, "held_on": "2035-05-02"}})["planned"] == [planned]
        assert save({"postData": {"id": 7, "title": "another table's row"}})["planned"] == []
        session.delete(meeting)
        session.flush()
        assert events["afterDelete"](meeting) == {"result": "removed by the database", "planned": []}
        session.commit()
    assert delete({"prevData": {"id": 7, "held_on": "2035-05-02", "table": "meeting"}})["planned"] == []
    engine.dispose()
