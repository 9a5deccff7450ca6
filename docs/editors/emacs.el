;; ptelint in Emacs, with Eglot: put this into ~/.emacs.d/init.el
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((c-mode c-ts-mode rust-mode rust-ts-mode) . ("ptelint" "lsp")))
  ;; "Copy the proof as text" goes to the kill ring.
  (cl-defmethod eglot-execute-command :around
    (_server (_command (eql ptelint.copyProof)) arguments)
    (kill-new (elt arguments 0))))
(dolist (hook '(c-mode-hook c-ts-mode-hook rust-mode-hook rust-ts-mode-hook))
  (add-hook hook #'eglot-ensure))
