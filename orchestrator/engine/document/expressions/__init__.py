"""What people write in CEL, the Common Expression Language: conditions, mappings, and the placeholders of templates."""
