-- Remove applications that are marked synthetic, with all that was planned and held for them.
with gone as (
    select application_id from planning.application where synthetic
), held as (
    delete from planning.reservation where application_id in (select application_id from gone)
), plans as (
    delete from planning.plan where application_id in (select application_id from gone)
)
delete from planning.application where application_id in (select application_id from gone)
