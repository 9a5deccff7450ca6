-- What Neovim makes of the server, started with the configuration that `ptelint init` prints.
-- Run in the small tree, with the file mm/remake.c open.
local function check(condition, what)
  if not condition then
    local state = vim.inspect(vim.diagnostic.get(0)) .. '\n' .. table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
    io.stderr:write('failed: ' .. what .. '\n' .. state .. '\n')
    vim.cmd('cquit')
  end
  print('ok: ' .. what)
end

local function wait(what, condition)
  check(vim.wait(60000, condition, 20), what)
end

local function lines_of(rule)
  local lines = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.code == rule or (one.user_data and one.user_data.lsp and one.user_data.lsp.code == rule) then
      table.insert(lines, one.lnum)
    end
  end
  return lines
end

local function line_with(text)
  for i, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    if line:find(text, 1, true) then
      return i - 1
    end
  end
end

local function set(first, last, lines)
  vim.api.nvim_buf_set_lines(0, first, last, true, lines)
end

local function hover(text)
  local row = line_with(text)
  local line = vim.api.nvim_buf_get_lines(0, row, row + 1, true)[1]
  vim.api.nvim_win_set_cursor(0, { row + 1, line:find(text, 1, true) - 1 })
  local params = vim.lsp.util.make_position_params(0, 'utf-16')
  local value
  vim.lsp.buf_request(0, 'textDocument/hover', params, function(_, result)
    value = result and result.contents.value or ''
  end)
  vim.wait(60000, function() return value ~= nil end, 20)
  return value
end

wait('the server is there', function()
  for _, client in pairs(vim.lsp.buf_get_clients(0)) do
    return client.server_capabilities.hoverProvider
  end
end)
-- Its first answer takes its time; until then it knows nothing.
for _ = 1, 600 do
  if hover('mk_pte(') ~= '' then
    break
  end
  vim.wait(100, function() return false end)
end
check(hover('mk_pte('):find('because *flags*', 1, true), 'hover shows the proof')
check(hover('is_ordinary(vma))'):find('One proof rests on it', 1, true), 'hover on the guard')
check(#vim.diagnostic.get(0) == 0, 'nothing is wrong at first')

local guard = line_with('if (is_ordinary(vma))')
set(guard, guard + 1, {})
wait('a diagnostic appears without the guard', function()
  local lines = lines_of('generic-rebuild')
  return #lines == 1 and lines[1] == line_with('mk_pte(')
end)
check(vim.diagnostic.get(0)[1].severity == vim.diagnostic.severity.ERROR
  or vim.diagnostic.get(0)[1].severity == vim.diagnostic.severity.WARN, 'with a severity')

set(0, 0, { '/* one */', '/* two */' })
wait('it moves with an edit above', function()
  local lines = lines_of('generic-rebuild')
  return #lines == 1 and lines[1] == line_with('mk_pte(')
end)
vim.wait(500, function() return false end)
check(lines_of('generic-rebuild')[1] == line_with('mk_pte('), 'and stays there')

local call = line_with('remake(vma, address, ptep);')
set(call, call, { '\tif (is_ordinary(vma))' })
wait('it vanishes with the guard back', function()
  return #vim.diagnostic.get(0) == 0
end)

vim.cmd('edit drivers/video/first_fb.c')
wait('another file has its diagnostic', function()
  return #lines_of('prot-constant') == 1
end)
vim.cmd('qall!')
