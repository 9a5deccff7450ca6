-- ptelint in Neovim: put this into ~/.config/nvim/plugin/ptelint.lua
local clients = {}

-- The top of the source tree a file lies in.
local function top(file)
  local directory = vim.fn.fnamemodify(file, ':p:h')
  for _, name in ipairs({ 'MAINTAINERS', 'ptelint.toml' }) do
    local found = vim.fn.findfile(name, vim.fn.escape(directory, ' ,;') .. ';')
    if found ~= '' then
      return vim.fn.fnamemodify(found, ':p:h')
    end
  end
end

vim.api.nvim_create_autocmd('FileType', {
  pattern = { 'c', 'cpp', 'rust' },
  callback = function(event)
    local root = top(vim.api.nvim_buf_get_name(event.buf))
    if not root then
      return
    end
    local config = { name = 'ptelint', cmd = { 'ptelint', 'lsp' }, root_dir = root }
    if vim.lsp.start then
      vim.lsp.start(config, { bufnr = event.buf })
    else
      -- Before Neovim 0.8
      clients[root] = clients[root] or vim.lsp.start_client(config)
      vim.lsp.buf_attach_client(event.buf, clients[root])
    end
  end,
})

-- "Copy the proof as text" goes to the clipboard.
vim.lsp.commands['ptelint.copyProof'] = function(command)
  vim.fn.setreg('"', command.arguments[1])
  vim.fn.setreg('+', command.arguments[1])
end
