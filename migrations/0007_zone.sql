-- The zone names that may stand in a task. pg_timezone_names reads the whole zone database on every
-- look (about 100 ms); this copy makes checking a name an index probe. Names that a later zone
-- database adds are still found through the view.

create table jittask.zone (
  name        text collate "C" not null,
  seen_from   date,
  fingerprint text,
  constraint zone_is_listed_once primary key (name)
);

create unique index zone_by_lower_name on jittask.zone (lower(name));

comment on table jittask.zone is
  'Zone names as pg_timezone_names spelled them at installation; canonical_timezone looks here first';
comment on column jittask.zone.name is 'IANA name, "Europe/Berlin"';
comment on column jittask.zone.seen_from is
  'First day of the four years that the fingerprint covers; null = no task uses the zone';
comment on column jittask.zone.fingerprint is
  'Of its offsets when tasks were planned by it; another one means that the zone database changed';

-- posixrules and localtime are files of the server, not names of zones.
insert into jittask.zone (name)
select n.name
from pg_catalog.pg_timezone_names n
where n.name not in ('posixrules', 'localtime');

insert into jittask.migration (version, name) values (7, 'zone');
