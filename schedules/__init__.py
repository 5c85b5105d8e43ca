"""When things run: jobs, schedules by cadence, sensors."""
