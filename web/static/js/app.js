// Every page's behaviour: each file below defines one custom element.
import "./card-grid.js";
import "./card-menu.js";
import "./copy-text.js";
import "./field-rows.js";
import "./local-time.js";
import "./filter-panel.js";
import "./folder-tree.js";
import "./live-updates.js";
import "./modal-dialog.js";
import "./notice-box.js";
import "./selection-bar.js";
import "./tag-input.js";
import "./search-box.js";
import "./toast-list.js";
