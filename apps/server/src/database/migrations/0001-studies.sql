-- Studies and their images, analyses and their attempts, and what happened, for whoever listens.

create table studies (
  study_uid text primary key,
  group_name text not null,
  source text not null,
  received_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  is_complete boolean not null default false,
  patient_name text,
  patient_id text,
  patient_birth_date text,
  study_date text,
  study_time text,
  description text,
  accession_number text
);
create index studies_group on studies (group_name, received_at);
create index studies_patient on studies (patient_id);
create index studies_settling on studies (changed_at) where not is_complete;

create table instances (
  sop_uid text primary key,
  study_uid text not null references studies on delete cascade,
  series_uid text not null,
  series_number integer,
  series_description text,
  number integer,
  sop_class text not null,
  transfer_syntax text not null,
  modality text not null,
  dicom_modality text,
  laterality text,
  view text,
  frames integer not null,
  height integer not null,
  width integer not null,
  bytes bigint not null,
  sha256 text not null
);
create index instances_study on instances (study_uid);

-- A study is analysed once per version of a model: the same images and lesions give the same digest.
create table analyses (
  id uuid primary key,
  study_uid text not null references studies on delete cascade,
  model text not null,
  system text not null,
  input_digest text not null,
  lesions jsonb not null,
  job_id uuid not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  step text not null default '',
  progress real not null default 0,
  attempts integer not null default 0,
  error_code text,
  error_message text,
  worker text,
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  beat_at timestamptz,
  score double precision,
  decision text,
  unique (study_uid, model, input_digest)
);
create index analyses_state on analyses (state, queued_at);

create table attempts (
  analysis_id uuid not null references analyses on delete cascade,
  attempt integer not null,
  worker text not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  outcome text check (outcome in ('done', 'failed', 'cancelled', 'lost')),
  primary key (analysis_id, attempt)
);
-- The rule of exactly once, held by the database itself.
create unique index attempts_done_once on attempts (analysis_id) where outcome = 'done';

create table events (
  id bigserial primary key,
  -- a reader goes by it: ids are drawn before they are committed, and one that is late would be passed over
  transaction bigint not null default txid_current(),
  at timestamptz not null default now(),
  type text not null,
  group_name text not null,
  study_uid text not null,
  analysis_id uuid
);
create index events_transaction on events (transaction);
create index events_at on events (at);

create function note_analysis() returns trigger language plpgsql as $$
begin
  insert into events (type, group_name, study_uid, analysis_id)
    select 'analysis', group_name, study_uid, new.id from studies where study_uid = new.study_uid;
  return null;
end $$;
create trigger analyses_noted after insert or update of state, step, progress on analyses
  for each row execute function note_analysis();

create function note_study() returns trigger language plpgsql as $$
begin
  insert into events (type, group_name, study_uid) values ('study', new.group_name, new.study_uid);
  return null;
end $$;
create trigger studies_noted after insert or update on studies for each row execute function note_study();

create function note_removal() returns trigger language plpgsql as $$
begin
  insert into events (type, group_name, study_uid) values ('removed', old.group_name, old.study_uid);
  return null;
end $$;
create trigger studies_removed after delete on studies for each row execute function note_removal();
