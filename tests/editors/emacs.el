;; What Emacs makes of the server, started with the configuration that `ptelint init` prints.
;; Run in the small tree, in batch mode.  -*- lexical-binding: t -*-
(require 'eglot)
(require 'flymake)
(setq eglot-autoshutdown t
      eglot-sync-connect 60
      eglot-events-buffer-size 0
      flymake-no-changes-timeout 0.1)
;; The project is the tree, without version control.
(defvar tree default-directory)
(defun project-root-of-tree (&rest _) (cons 'transient tree))
(setq project-find-functions (list #'project-root-of-tree))

(defun wait (what condition)
  (let ((end (+ (float-time) 60)) found)
    (while (and (not (setq found (funcall condition))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless found
      (message "failed: %s\n%s\n%s" what (buffer-string)
               (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
      (kill-emacs 1))
    (message "ok: %s" what)))

(defun lines-of (rule)
  (let (lines)
    (dolist (one (flymake-diagnostics))
      (when (string-match-p rule (flymake-diagnostic-text one))
        (push (line-number-at-pos (flymake-diagnostic-beg one)) lines)))
    lines))

(defun go-to (text)
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0))
  (line-number-at-pos))

(defun hover (text)
  (go-to text)
  (let ((answer (jsonrpc-request (eglot-current-server) :textDocument/hover
                                 (eglot--TextDocumentPositionParams))))
    (or (plist-get (plist-get answer :contents) :value) "")))

(find-file "mm/remake.c")
(unless (eglot-current-server)
  (apply #'eglot--connect (eglot--guess-contact)))
(eglot--maybe-activate-editing-mode)
(flymake-mode 1)
(wait "hover shows the proof"
      (lambda () (string-match-p "because \\*?flags" (hover "mk_pte("))))
(wait "nothing is wrong at first" (lambda () (null (flymake-diagnostics))))

(defun edit (what where text)
  (go-to where)
  (if text (insert text) (delete-region (point) (line-beginning-position 2)))
  (run-hooks 'post-command-hook)
  (eglot--signal-textDocument/didChange)
  (message "edit: %s" what))

(edit "the guard goes" "\tif (is_ordinary(vma))" nil)
(wait "a diagnostic appears without the guard"
      (lambda () (equal (lines-of "rebuilds") (list (go-to "mk_pte(")))))
(edit "lines above" "//" "/* one */\n/* two */\n")
(wait "it moves with an edit above"
      (lambda () (equal (lines-of "rebuilds") (list (go-to "mk_pte(")))))
(edit "the guard comes back" "\t\tremake(vma" "\tif (is_ordinary(vma))\n")
(wait "it vanishes with the guard back" (lambda () (null (flymake-diagnostics))))
(set-buffer-modified-p nil)
(eglot-shutdown (eglot-current-server))
(message "ok: shut down")
(kill-emacs 0)
