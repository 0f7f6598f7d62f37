-- Hold capacity at one element.
insert into planning.reservation (
    application_id, plan_id, element_id, element_kind, level, load_case, offset_m, phase,
    p_kw, q_kvar, coincident_p_kw, coincident_q_kvar, bays, tap_position, state)
values (
    %(application_id)s, %(plan_id)s, %(element_id)s, %(element_kind)s, %(level)s, %(load_case)s,
    %(offset_m)s, %(phase)s, %(p_kw)s, %(q_kvar)s, %(coincident_p_kw)s, %(coincident_q_kvar)s,
    %(bays)s, %(tap_position)s, 'held')
