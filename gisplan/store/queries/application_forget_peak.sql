-- Remove one measured peak.
delete from grid.measured_peak
where transformer_id = %(transformer_id)s and measured_on = %(measured_on)s
