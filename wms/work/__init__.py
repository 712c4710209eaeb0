"""Value-added work (流通加工): kits and other jobs, their materials, and what was made."""
