-- Whose data a version holds, and how it came to be; the ground on which an application stands.

-- A version may take single tables from elsewhere: the fingerprint of the grid that they were joined
-- to (null: its own), and for each such table the digest of its source and the note that goes with it.
alter table grid.version
    add column source_note          text not null default '',
    add column base_fingerprint     text,
    add column layers               jsonb not null default '{}';

-- The customer's parcel in lon/lat; null: unknown.
alter table planning.application
    add column parcel               geometry(Polygon, 4326)
        check (parcel is null or (st_isvalid(parcel) and not st_isempty(parcel)));
