-- What occurrence_after promises, for rules that move off free days. Thinks in days: the nominal days
-- that can reach the first possible due day are taken in turn, each with the target that the
-- calendar gives it, and only their first fitting time is searched. So a golden week costs as
-- many steps as it has days, however often the rule fires.
create or replace function jittask.moved_after(
  p_rule jittask.rule,
  p_after timestamptz,
  out nominal_at timestamptz,
  out due_at timestamptz
)
language plpgsql
stable
as $$
declare
  v_zone text := p_rule.timezone;
  v_policy text := p_rule.holiday_policy;
  v_anchor timestamptz := case when p_rule.repeat = 'none' then p_rule.anchor_at
                               else date_trunc('second', p_rule.anchor_at) end;
  v_earliest timestamptz := case when p_rule.repeat = 'none' then p_rule.earliest_at
                                 else date_trunc('second', p_rule.earliest_at) end;
  v_lower timestamptz := greatest(v_anchor, v_earliest);
  v_after timestamptz := greatest(p_after, v_earliest - interval '1 microsecond');
  v_low_wall timestamp;
  v_floor timestamp;
  v_day date;
  v_last_day date;
  v_end_day date := p_rule.end_at at time zone v_zone;
  v_map text;
  v_map_from date;
  v_free text := case p_rule.skip_holidays when 'holidays' then 'h' else '0h' end;
  v_place int;
  v_target date;
  v_wall timestamp;
  v_nominal timestamptz;
  v_due timestamptz;
  v_again bool;
  v_run int;
begin
  -- No move is longer than 400 days.
  v_after := greatest(v_after, v_anchor - interval '9700:00');
  v_floor := to_timestamp(jittask.wall_floor(v_after, v_zone)) at time zone 'UTC';
  v_day := least(v_floor, v_after at time zone v_zone);
  v_map_from := v_day - 20;
  v_map := jittask.workday_map(p_rule.calendar, v_map_from, 60);
  if v_policy = 'next_workday' then
    -- The free days before the first possible due day may be moved to it.
    v_day := coalesce(
      v_map_from + nullif(length(rtrim(left(v_map, 20), '0h')), 0),
      jittask.workday_of(p_rule.calendar, v_map_from, 'nonworking', 'previous_workday') + 1,
      v_day - 400
    );
  end if;

  v_wall := v_anchor at time zone v_zone;
  if v_day <= v_wall::date + 1 then
    -- The anchor is an instant of its own, even in the second pass of an overlap.
    if p_rule.repeat <> 'cron' or p_rule.first_fires then
      v_target := jittask.workday_of(p_rule.calendar, v_wall::date, p_rule.skip_holidays, v_policy);
      v_due := case when v_target = v_wall::date then v_anchor
                    else jittask.to_instant(v_target + v_wall::time, v_zone) end;
      if v_due > v_after and (v_due <= p_rule.end_at and v_anchor <= p_rule.end_at) is not false then
        nominal_at := v_anchor;
        due_at := v_due;
        v_last_day := jittask.last_rival_day(p_rule, v_target);
      end if;
    end if;
    v_low_wall := case
      when p_rule.repeat = 'cron' and p_rule.cron[1] & 1 = 1 then jittask.lowest_wall(v_lower, v_zone)
      else to_timestamp(jittask.wall_floor(v_lower - interval '1 second', v_zone)) at time zone 'UTC'
    end;
  end if;

  for v_steps in 1..800 loop
    exit when v_day > v_last_day or v_day > v_end_day;
    v_wall := jittask.nominal_wall(p_rule, greatest(v_day, v_low_wall));
    if v_day <= v_low_wall::date and v_wall::date > v_low_wall::date and p_rule.cron[1] & 1 = 1 then
      -- The lower bound may lie in the first pass of an overlap: wildcards come again, where they do not move.
      v_wall := least(v_wall, (
        select w.wall
        from jittask.nominal_wall(p_rule, v_low_wall::date) w(wall)
        where jittask.workday_of(p_rule.calendar, v_low_wall::date, p_rule.skip_holidays, v_policy) = w.wall::date
      ));
    end if;
    v_day := v_wall::date;
    exit when v_day is null or v_day > v_last_day or v_day > v_end_day;

    if v_day not between v_map_from and v_map_from + length(v_map) - 1 then
      v_map_from := v_day - 20;
      v_map := jittask.workday_map(p_rule.calendar, v_map_from, 60);
    end if;
    v_place := jittask.workday_in(v_map, v_day - v_map_from + 1, p_rule.skip_holidays, v_policy);
    if v_place is null and v_day not between v_map_from + 400 and v_map_from + length(v_map) - 401 then
      -- A long run of free days: one wide look serves the next 400 of them.
      v_map_from := v_day - 400;
      v_map := jittask.workday_map(p_rule.calendar, v_map_from, 1201);
      v_place := jittask.workday_in(v_map, 401, p_rule.skip_holidays, v_policy);
    end if;
    v_target := case when v_place > 0 then v_map_from + v_place - 1 end;
    v_target := case when abs(v_target - v_day) <= 400 then v_target end;
    select d.nominal_at, d.due_at into v_nominal, v_due
    from jittask.moved_due(p_rule, v_wall, v_target, v_after, v_lower, v_floor) d;

    v_again := coalesce(v_due = due_at, false);
    if v_due > v_after and (v_due < due_at) is not false
      and (v_nominal <= p_rule.end_at and v_due <= p_rule.end_at) is not false
    then
      nominal_at := v_nominal;
      due_at := v_due;
      v_last_day := jittask.last_rival_day(p_rule, v_target);
    end if;

    -- The rest of a run of free days is passed at once where it has nothing new: moved to where two days
    -- were moved already with the same outcome, to what is past, or nowhere.
    v_place := v_day - v_map_from + 1;
    v_day := v_day + 1;
    if v_again and p_rule.repeat <> 'interval' or v_target is null
      or v_policy <> 'next_workday' and v_target < v_floor::date
    then
      v_run := length(v_map) - v_place + 1 - length(ltrim(substr(v_map, v_place), v_free));
      if v_target is null and v_policy = 'next_workday' then
        v_run := least(
          v_run, coalesce(nullif(strpos(substr(v_map, v_place), '1'), 0) - 1, length(v_map) - v_place) - 400
        );
      end if;
      v_day := v_day + greatest(v_run - 1, 0);
    end if;
  end loop;
end;
$$;
