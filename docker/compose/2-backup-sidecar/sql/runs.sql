create table runs (
    id bigint generated always as identity primary key,
    watershed text not null,
    started timestamptz not null default now()
);
