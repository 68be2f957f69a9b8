-- Working days: a calendar is a weekend and a set of marked days; a marked day wins over the weekend.

create table jittask.calendar (
  name        text not null,
  country     text,
  subdivision text,
  weekend     int[] not null default '{0,6}',
  created_at  timestamptz not null default clock_timestamp(),
  constraint calendar_name_is_unique primary key (name),
  constraint calendar_name_is_not_blank check (name <> '' and name = btrim(name)),
  constraint calendar_name_has_100_characters_at_most check (length(name) <= 100),
  constraint calendar_weekend_holds_weekdays_0_to_6 check (weekend <@ array[0, 1, 2, 3, 4, 5, 6]),
  constraint calendar_leaves_a_weekday_to_work check (not weekend @> array[0, 1, 2, 3, 4, 5, 6])
);

comment on table jittask.calendar is 'Which days count as working days: a weekend and marked days';
comment on column jittask.calendar.name is 'Name that tasks use, "CN" or "US-NY"';
comment on column jittask.calendar.country is
  'ISO 3166-1 code that the synced days come from; null for a calendar made by hand';
comment on column jittask.calendar.subdivision is 'ISO 3166-2 subdivision; null for the whole country';
comment on column jittask.calendar.weekend is 'Weekdays that are free, 0 = Sunday to 6 = Saturday';
comment on column jittask.calendar.created_at is 'When the calendar was added';

create table jittask.calendar_day (
  calendar text not null,
  day      date not null,
  working  bool not null default false,
  name     text,
  source   text not null default 'manual',
  constraint calendar_day_is_marked_once primary key (calendar, day),
  constraint calendar_of_the_day_exists foreign key (calendar)
    references jittask.calendar (name) on update cascade on delete cascade,
  constraint calendar_day_source_is_manual_or_sync check (source in ('manual', 'sync')),
  constraint calendar_day_lies_in_the_years_1_to_9999 check (day between '0001-01-01' and '9999-12-31')
);

comment on table jittask.calendar_day is 'Days that differ from the weekend rule, or are named holidays';
comment on column jittask.calendar_day.calendar is 'The calendar it belongs to';
comment on column jittask.calendar_day.day is 'Local day';
comment on column jittask.calendar_day.working is 'true: a make-up working day; false: a holiday';
comment on column jittask.calendar_day.name is 'Name of the holiday; null where nobody gave one';
comment on column jittask.calendar_day.source is
  'manual: made by hand, kept by every sync; sync: replaced by the next one';

insert into jittask.migration (version, name) values (2, 'calendar');
