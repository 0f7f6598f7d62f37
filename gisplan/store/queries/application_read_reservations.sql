-- Everything held, with the ledger's number, as one statement: both are of the same moment.
select
    ledger.sequence, reservation.application_id, application.reference, application.kind,
    application.customer_class, reservation.element_id, reservation.element_kind, reservation.level,
    reservation.load_case, reservation.offset_m, reservation.phase, reservation.p_kw,
    reservation.q_kvar, reservation.coincident_p_kw, reservation.coincident_q_kvar,
    reservation.bays, reservation.tap_position
from planning.ledger
left join planning.reservation on reservation.state <> 'released'
left join planning.application using (application_id)
order by reservation.reservation_id
