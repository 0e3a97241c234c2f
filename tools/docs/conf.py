# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How Sphinx makes the site of the pages that pages.py has collected. Nothing is fetched from anywhere."""
import os
import pathlib
import re

import furo

root = pathlib.Path(os.environ["CHIME_ROOT"])
config = (root / "include/chime/config.hpp").read_text()

project = "chime"
author = "the chime authors"
copyright = "2026, the chime authors"
release = ".".join(re.search(rf"CHIME_VERSION_{part} (\d+)", config).group(1) for part in ("MAJOR", "MINOR", "PATCH"))

extensions = ["myst_parser", "sphinx_copybutton"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # a page may begin a table of figures with a deeper heading

language = "en"
cpp_index_common_prefix = ["chime::"]
primary_domain = "cpp"
highlight_language = "text"
pygments_style = "default"
pygments_dark_style = "one-dark"
smartquotes = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"chime {release}"
html_static_path = ["static"]
html_css_files = ["chime.css"]
html_search_scorer = str(pathlib.Path(__file__).with_name("scorer.js"))
html_favicon = "static/chime.svg"
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it would fetch every page found, which browsers refuse for files

# The theme as Debian compiles it is dark only for those who press its button. Its colours, also for those whose
# system is dark.
style = pathlib.Path(furo.__file__).with_name("theme") / "furo/static/styles/furo.css"
dark = re.search(r'body\[data-theme="dark"\] \{([^}]*)\}', style.read_text()).group(1)
html_theme_options = {
    "navigation_with_keys": False,
    "dark_css_variables": dict(re.findall(r"--([\w-]+): ([^;]+);", dark)),
}
