"""Version: which release this is. Imports nothing, so that it can be asked at no cost."""

VERSION = "0.1.0"
TERRAFORM_VERSION = "1.11.4"
"""The Terraform whose file formats this release reads and writes."""
