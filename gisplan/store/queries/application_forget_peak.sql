-- Remove one measured peak.
delete from grid.measured_peak
where element_kind = %(element_kind)s
    and element_id = %(element_id)s
    and measured_on = %(measured_on)s
