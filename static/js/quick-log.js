// Opens #quick-log by the key L and by [data-quick-log]; see crm/views.
