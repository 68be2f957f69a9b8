-- A watch knows the types of its columns by their oids, too; the sweep notes those of watches there are.

comment on column jittask.watch.columns is
  'Columns the tasks rely on, as they were compiled: {"name": [attnum, "type", oid of the type]}';

insert into jittask.migration (version, name) values (13, 'types_of_watched_columns');
