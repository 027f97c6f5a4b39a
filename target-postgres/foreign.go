package main

import "github.com/signalroom/signalroom/protocol/settings"

// foreign are settings of MeltanoLabs', PipelineWise's and Datamill's target that are none of ours, or do not mean the same.
func foreign() []settings.Foreign {
	const mapper = "records are loaded as they come: change them in the tap or in a mapper between the two, and take this out"
	const nested = "nested values are kept whole, as jsonb: take them apart in a view or a mapper, and turn this off"
	return []settings.Foreign{
		{Key: "stream_maps", Instead: mapper},
		{Key: "flattening_enabled", Instead: nested},
		{Key: "data_flattening_max_level", Instead: nested},
		{Key: "schema_mapping", Instead: "a run loads into one schema, default_target_schema: give each schema of the source a run of its own"},
		{Key: "client_side_encryption_master_key", Instead: "nothing is encrypted on its way into the tables: take this out"},
		{Key: "postgres_sslcrl", Instead: "lists of revoked certificates are not read: take this out"},
		{Key: "before_run_sql_file", Instead: "put the statements into before_run_sql"},
		{Key: "after_run_sql_file", Instead: "put the statements into after_run_sql"},

		// MeltanoLabs and the SDK
		{Key: "dialect+driver"},
		{Key: "use_copy"},                      // always
		{Key: "validate_records"},              // always, and a record that fails costs itself
		{Key: "sanitize_null_text_characters"}, // always
		{Key: "ssl_storage_directory"},         // nothing is written
		{Key: "stream_map_config"},
		{Key: "faker_config"},
		{Key: "flattening_max_depth"},
		{Key: "flattening_separator"},
		{Key: "flattening_max_key_length"},
		{Key: "batch_config"}, // the tap decides
		// PipelineWise
		{Key: "flush_all_streams"},
		{Key: "parallelism"},
		{Key: "max_parallelism"},
		{Key: "parallelism_max"},
		{Key: "primary_key_required"},
		{Key: "temp_dir"},
		{Key: "stream_buffer_size"},
		{Key: "disable_table_cache"},
		// Datamill
		{Key: "invalid_records_detect"},
		{Key: "max_buffer_size"},
		{Key: "batch_detection_threshold"},
		{Key: "persist_empty_tables"},
		{Key: "add_upsert_indexes"},
		{Key: "state_support"},
		{Key: "disable_collection"},
		{Key: "logging_level"},
	}
}
