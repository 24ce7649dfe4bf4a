"""Makes the helpers beside this file importable: project, site_rules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
