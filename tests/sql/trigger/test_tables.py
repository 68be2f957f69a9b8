"""Whatever a watched table looks like, and whoever writes to it."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.watched import Watched

KEYS = {
    "uuid": ("id uuid", ["'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "'6f9619ff-8b86-d011-b42d-00c04fc964fe'"]),
    "text": ("id text", ["'a'", "E'quo\"te\\\\ %s {} $1 ''x'' 漢'"]),
    "citext": ("id citext", ["'Abc'", "'xyz'"]),
    "varchar": ("id varchar(20)", ["'a'", "'b  '"]),
    "char": ("id char(5)", ["'a'", "'b'"]),
    "smallint": ("id smallint", ["1", "-2"]),
    "numeric": ("id numeric", ["1.50", "-7"]),
    "enum": ("id mood", ["'sad'", "'ok'"]),
    "domain": ("id positive", ["1", "2"]),
    "bytea": ("id bytea", ["'\\x00ff'", "'\\x'"]),
    "date": ("id date", ["'2026-01-01'", "'infinity'"]),
    "timestamptz": ("id timestamptz", ["'2026-01-01 00:00+00'", "'2026-01-01 00:00:00.5+00'"]),
    "bool": ("id bool", ["true", "false"]),
    'odd name "%I"': ("\"%I 'x'\" int", ["1", "2"]),
}


@pytest.mark.parametrize("kind", KEYS)
def test_rows_are_known_by_a_key_of_type(watched: Watched, kind: str) -> None:
    column, (one, other) = KEYS[kind]
    if kind == "citext" and watched.execute("select to_regtype('citext')").fetchone() == (None,):
        pytest.skip("citext is not installed on this server")
    name = column.rsplit(" ", 1)[0]
    watched.execute("create type mood as enum ('sad', 'ok'); create domain positive as int check (value > 0)")
    watched.execute(f'create table t ({column} primary key, due_at timestamptz, "%s" text)')
    watched.task("once", "t", "due_at", start_offset="1 hour", filter={"%s": "100%"})
    watched.task("often", "t", "due_at", repeat="daily")
    watched.execute(
        f"insert into t ({name}, due_at, \"%s\") values ({one}, '2026-03-03 10:00+00', '100%'), ({other}, '2026-03-03 11:00+00', '100%')"
    )
    watched.check()
    assert len(watched.planned("once")) == len(watched.planned("often")) == 2
    watched.execute(f"update t set due_at = due_at + interval '1 day' where {name} = {one}")
    watched.check()
    watched.execute(f"delete from t where {name} = {other}")
    watched.check()
    assert len(watched.planned("once")) == len(watched.planned("often")) == 1
    watched.execute(
        f"insert into jittask.replan (source_table, source_key, reason) select '{watched.schema}.t', source_key::text, 'test' from jittask.waiting where source_key is not null"
    )
    watched.drain()
    watched.check()
    assert len(watched.planned("once")) == 1


def test_rows_are_known_by_a_composite_key(watched: Watched) -> None:
    watched.execute("create table t (tenant text, no int, due_at timestamptz, primary key (no, tenant))")
    watched.task("once", "t", "due_at")
    watched.execute(
        "insert into t select x, n, '2026-03-03 10:00+00' from unnest(array['a', 'b']) x, generate_series(1, 3) n"
    )
    watched.execute(
        "update t set due_at = due_at + interval '1 day' where tenant = 'a' and no = 2; delete from t where no = 3; update t set tenant = 'c' where tenant = 'b' and no = 1"
    )
    watched.check()
    assert set(watched.planned("once")) == {
        f'{{"no": {n}, "tenant": "{x}"}}' for n, x in [(1, "a"), (1, "c"), (2, "a"), (2, "b")]
    }


def test_the_date_may_be_generated_or_come_from_a_domain(watched: Watched) -> None:
    watched.execute("""
        create domain moment as timestamp;
        create table t (id int primary key, at moment, "on" date generated always as (at::date + 1) stored)
    """)
    watched.task("at", "t", "at", timezone="Asia/Tokyo")
    watched.task("on", "t", "on", at_time="09:00")
    watched.execute("insert into t values (1, '2026-03-04 09:00')")
    assert [str(due) for due in watched.planned("at").values()] == ["2026-03-04 00:00:00+00:00"]
    assert [str(due) for due in watched.planned("on").values()] == ["2026-03-05 09:00:00+00:00"]
    watched.execute("update t set at = at + interval '1 day'")
    watched.check()
    assert [str(due) for due in watched.planned("on").values()] == ["2026-03-06 09:00:00+00:00"]


@pytest.mark.parametrize("trigger", [
    "create trigger own before insert or update on t for each row execute function own()",
    "create trigger own after insert or update on t for each row execute function own_later()",
    "create trigger zz_own after insert or update on t for each row execute function own_later()",
    "create trigger own after insert or update on t for each statement execute function own_statement()",
    "create trigger zz_own after insert or update on t for each statement execute function own_statement()",
    "create constraint trigger own after insert or update on t deferrable initially deferred for each row execute function own_later()",
    "create trigger own after delete on t for each row execute function own_back()",
    "create trigger own after insert on t for each row execute function own_delete()",
])  # fmt: skip
def test_triggers_of_the_table_may_change_the_same_rows(watched: Watched, trigger: str) -> None:
    watched.execute("""
        create table t (id int primary key, due_at timestamptz, status text default 'open', touched int default 0);
        create function own() returns trigger language plpgsql as $$
          begin new.due_at := new.due_at + interval '1 hour'; return new; end $$;
        create function own_later() returns trigger language plpgsql as $$
          begin
            if new.touched < 3 then
              update t set due_at = due_at + interval '1 hour', touched = touched + 1 where id = new.id;
            end if;
            return null;
          end $$;
        create function own_statement() returns trigger language plpgsql as $$
          begin
            if pg_trigger_depth() < 3 then
              update t set due_at = due_at + interval '1 hour', status = 'open';
            end if;
            return null;
          end $$;
        create function own_back() returns trigger language plpgsql as $$
          begin
            if old.touched = 0 then insert into t values (old.id, old.due_at + interval '2 days', 'open', 9); end if;
            return null;
          end $$;
        create function own_delete() returns trigger language plpgsql as $$
          begin if new.id % 2 = 0 then delete from t where id = new.id; end if; return null; end $$;
    """)
    watched.execute(trigger)
    watched.task("once", "t", "due_at", filter={"status": "open"})
    watched.task("often", "t", "due_at", repeat="daily", filter={"status": "open"})
    watched.execute("insert into t (id, due_at) select n, '2026-03-03 10:00+00' from generate_series(1, 6) n")
    watched.check()
    watched.execute("update t set due_at = due_at + interval '1 day' where id < 4")
    watched.check()
    watched.execute("update t set status = 'shut' where id = 5; update t set touched = 0")
    watched.check()
    watched.execute("delete from t where id in (1, 3)")
    watched.check()
    watched.execute(
        "insert into t (id, due_at) values (3, '2026-03-09 10:00+00') on conflict (id) do update set due_at = excluded.due_at"
    )
    watched.check()


def test_rows_may_go_and_change_by_foreign_keys(watched: Watched) -> None:
    watched.execute("""
        create table parent (id int primary key);
        create table t (id int primary key, parent int references parent on update cascade on delete cascade,
                        boss int references t on update cascade on delete set null, due_at timestamptz);
    """)
    watched.task("once", "t", "due_at", filter={"field": "boss", "op": "is_null"})
    watched.task("other", "t", "due_at", filter={"parent": 2})
    watched.execute("""
        insert into parent values (1), (2), (3);
        insert into t select n, n % 3 + 1, nullif(n / 4, 0), '2026-03-03 10:00+00' from generate_series(1, 12) n
    """)
    watched.check()
    for statement in (
        "delete from t where id = 1",
        "update t set id = 100 where id = 2",
        "update parent set id = 20 where id = 2",
        "update parent set id = 2 where id = 20",
        "delete from parent where id = 1",
        "update t set id = id + 1000, boss = boss",
        "delete from t",
    ):
        watched.execute(statement)
        watched.check()


def test_a_role_without_any_right_of_ours_writes_under_row_level_security(watched: Watched) -> None:
    role = f"{watched.schema}_app"
    watched.execute(f"""
        create role {role};
        create table t (id int primary key, tenant int, due_at timestamptz);
        alter table t enable row level security;
        create policy own on t using (tenant = 1);
        grant usage on schema {watched.schema} to {role};
        grant select, insert, update, delete on t to {role}
    """)
    watched.task("once", "t", "due_at")
    watched.execute("insert into t values (9, 2, '2026-03-03 10:00+00')")
    watched.execute(f"set role {role}")
    watched.execute("insert into t values (1, 1, '2026-03-03 10:00+00'), (2, 1, '2026-03-03 10:00+00')")
    watched.execute("update t set due_at = due_at + interval '1 day'; delete from t where id = 2")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        watched.execute("select * from jittask.due_queue")
    watched.execute("reset role")
    watched.check()
    assert set(watched.planned("once")) == {'{"id": 1}', '{"id": 9}'}
    watched.execute(f"drop owned by {role}; drop role {role}")


@pytest.mark.parametrize("fault", [
    "alter table jittask.due_queue add constraint never check (task_id is null) not valid",
    "alter function jittask.was_claimed(bigint, text, timestamptz) rename to was_not",
    "alter function jittask.now() rename to later",
])  # fmt: skip
def test_an_error_of_ours_never_reaches_the_statement(watched: Watched, fault: str) -> None:
    watched.orders()
    watched.execute(
        "insert into orders (id, due_at, day) select n, '2026-03-03 10:00+00', '2026-04-01' from generate_series(1, 9) n"
    )
    watched.execute("begin")
    watched.execute(fault)
    watched.execute(
        "insert into orders (id, due_at, day) values (20, '2026-03-02 08:59:30+00', '2026-04-01')"
    )
    watched.execute(
        "update orders set due_at = due_at + interval '1 day' where id = 3; delete from orders where id = 4"
    )
    watched.execute(
        "insert into orders (id, due_at) values (20, '2026-03-05 00:00+00') on conflict (id) do update set due_at = excluded.due_at"
    )
    watched.execute({
        "alter table": "alter table jittask.due_queue drop constraint never",
        "alter funct": "alter function jittask.was_not(bigint, text, timestamptz) rename to was_claimed",
    }[fault[:11]] if "later" not in fault else "alter function jittask.later() rename to now")  # fmt: skip
    watched.execute("commit")
    watched.drain()
    watched.check()


def test_errors_reach_those_who_ask_for_it(watched: Watched) -> None:
    watched.orders()
    watched.execute("select jittask.set_on_error('orders', 'raise')")
    watched.execute("insert into orders (id, due_at, day) values (1, '2026-03-03 10:00+00', '2026-04-01')")
    watched.execute(
        "update orders set due_at = due_at + interval '1 day'; delete from orders; insert into orders (id, due_at) values (1, '2026-03-03 10:00+00')"
    )
    watched.check()
    watched.execute(
        "begin; alter table jittask.due_queue add constraint never check (task_id is null) not valid"
    )
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        watched.execute("insert into orders (id, due_at) values (2, '2026-03-03 10:00+00')")
    assert f"Rows of {watched.schema}.orders cannot be planned: " in (
        refusal.value.diag.message_primary or ""
    )
    assert "set_on_error" in (refusal.value.diag.message_hint or "")
    watched.execute("rollback; select jittask.set_on_error('orders', 'replan')")
    watched.execute(
        "begin; alter table jittask.due_queue add constraint never check (task_id is null) not valid"
    )
    watched.execute("insert into orders (id, due_at) values (2, '2026-03-03 10:00+00')")
    watched.execute("rollback")


@pytest.mark.parametrize(("arguments", "fact", "way_out"), [
    ("'orders', 'ignore'", 'on_error is "ignore"', "replan or raise"),
    ("'orders', null", 'on_error is "<NULL>"', "replan or raise"),
    ("'bare', 'raise'", "it is not watched", "attach_table"),
])  # fmt: skip
def test_what_errors_do_is_refused_where_it_cannot_be(
    watched: Watched, arguments: str, fact: str, way_out: str
) -> None:
    watched.orders()
    watched.execute("create table bare (id int)")
    with pytest.raises(psycopg.Error) as refusal:
        watched.execute(f"select jittask.set_on_error({arguments})")
    assert refusal.value.sqlstate == "JT001"
    assert fact in (refusal.value.diag.message_primary or "")
    assert way_out in (refusal.value.diag.message_hint or "")


def test_a_cancelled_occurrence_is_not_planned_again_by_a_write(watched: Watched) -> None:
    watched.orders()
    watched.execute(
        "insert into orders (id, due_at) values (1, '2026-03-03 10:00+00'), (2, '2026-03-03 10:00+00')"
    )
    watched.execute(
        "select jittask.cancel(w.occurrence_id) from jittask.waiting w where w.source_key = '{\"id\": 1}' and due_at = '2026-03-03 11:00+00'"
    )
    assert set(watched.planned("remind")) == {'{"id": 2}'}
    watched.execute(
        "update orders set due_at = due_at + interval '1 day'; update orders set due_at = due_at - interval '1 day'"
    )
    assert set(watched.planned("remind")) == {'{"id": 2}'}
    assert watched.differences() == []


def test_truncate_and_triggers_of_the_own_leave_no_difference(watched: Watched) -> None:
    watched.orders()
    watched.execute("""
        create function again() returns trigger language plpgsql as $$
          begin insert into orders (id, due_at) values (1, '2026-03-05 00:00+00'); return null; end $$;
        create trigger again after truncate on orders for each statement execute function again();
        insert into orders (id, due_at) values (7, '2026-03-05 00:00+00');
    """)
    watched.execute("select jittask.sweep()")
    watched.execute("truncate orders")
    watched.drain()
    watched.check()


@pytest.mark.parametrize("statement", [
    "insert into orders (id, status, due_at, day) select n, 'open', '2026-03-03 10:00+00', '2026-04-01' from generate_series(21, 40) n",
    "update orders set due_at = due_at + interval '1 hour', day = day + 1",
    "delete from orders where id < 10",
    "truncate orders",
])  # fmt: skip
def test_row_triggers_for_logical_replication_do_the_same(watched: Watched, statement: str) -> None:
    watched.orders()
    watched.execute("select jittask.attach_table(%s, true)", f"{watched.schema}.orders")
    watched.execute(
        "insert into orders (id, due_at, day) select n, '2026-03-04 10:00+00', '2026-04-01' from generate_series(1, 20) n"
    )
    watched.execute(statement)
    watched.drain()
    watched.check()
    watched.execute("set session_replication_role = replica")
    watched.execute("insert into orders (id, due_at) values (99, '2026-03-04 10:00+00')")
    watched.execute("reset session_replication_role")
    watched.check()


@pytest.mark.parametrize(
    ("granted", "hint"), [("", "grant select on"), ("grant select on t to {role};", "bypassrls")]
)
def test_rows_that_our_role_may_not_read_are_refused_with_the_grant(
    watched: Watched, granted: str, hint: str
) -> None:
    role = f"{watched.schema}_owner"
    watched.execute(f"""
        create table t (id int primary key, due_at timestamptz);
        alter table t enable row level security;
        begin;
        create role {role};
        grant jittask_admin to {role};
        grant usage on schema {watched.schema} to {role};
        {granted.format(role=role)}
        alter function jittask.prepare_watch(text, text, bool) owner to {role}
    """)
    with pytest.raises(psycopg.Error) as refusal:
        watched.task("once", "t", "due_at")
    assert refusal.value.sqlstate == "JT004"
    assert role in (refusal.value.diag.message_primary or "")
    assert hint in (refusal.value.diag.message_hint or "")
    watched.execute("rollback")


@pytest.mark.parametrize("statement", [
    "begin; set constraints all deferred; insert into t values (1, 9, '2026-03-05 00:00+00'); insert into parent values (9); commit; begin; delete from parent; commit",
    "begin; insert into parent values (3); insert into t values (1, 3, '2026-03-05 00:00+00'); update parent set id = 4; commit",
])  # fmt: skip
def test_deferred_constraints_change_nothing(watched: Watched, statement: str) -> None:
    watched.execute("""
        create table parent (id int primary key);
        create table t (id int primary key,
                        parent int references parent on update cascade on delete cascade deferrable initially deferred,
                        due_at timestamptz)
    """)
    watched.task("once", "t", "due_at", filter={"field": "parent", "op": "in", "value": [3, 4]})
    watched.task("often", "t", "due_at", repeat="daily")
    watched.execute(statement)
    watched.check()


def test_a_task_may_be_defined_beside_writes_of_its_own_transaction(watched: Watched) -> None:
    watched.execute("create table t (id int primary key, due_at timestamptz)")
    watched.execute("begin; insert into t values (1, '2026-03-05 00:00+00')")
    watched.task("once", "t", "due_at")
    watched.execute("insert into t values (2, '2026-03-05 00:00+00')")
    watched.execute("update jittask.task set start_offset = '1 hour'; delete from t where id = 1; commit")
    watched.check()
    assert set(watched.planned("once")) == {'{"id": 2}'}
    watched.execute("begin isolation level repeatable read; select 1")
    watched.task("again", "t", "due_at")
    watched.execute("insert into t values (3, '2026-03-05 00:00+00'); commit")
    watched.drain()
    watched.check()
    assert set(watched.planned("again")) == {'{"id": 2}', '{"id": 3}'}


def test_tables_and_columns_may_have_any_name(watched: Watched) -> None:
    watched.execute(
        """create table "Odd ""T' %s %I" ("I %d" int primary key, "D'%" timestamptz, "f{}" text)"""
    )
    table = """"Odd ""T' %s %I\""""
    watched.task("once", table, "D'%", filter={"f{}": "x"})
    watched.task("often", table, "D'%", repeat="daily")
    watched.execute(
        f"insert into {table} values (1, '2026-03-05 00:00+00', 'x'), (2, '2026-03-05 00:00+00', 'y')"
    )
    watched.check()
    watched.execute(f"""alter table {table} rename to "New 't %s" """)
    watched.execute("select jittask.sweep()")
    watched.drain()
    watched.execute("""delete from "New 't %s" where "I %d" = 2""")
    watched.check()
    assert set(watched.planned("once")) == set(watched.planned("often")) == {'{"I %d": 1}'}
