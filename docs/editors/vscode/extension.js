// ptelint in VS Code.
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

exports.activate = () => {
  const command = vscode.workspace.getConfiguration('ptelint').get('path');
  const languages = ['c', 'cpp', 'rust'];
  client = new LanguageClient('ptelint', 'ptelint', { command, args: ['lsp'] }, {
    documentSelector: languages.map(language => ({ scheme: 'file', language })),
    synchronize: { configurationSection: 'ptelint' },
    middleware: {
      // "Copy the proof as text" goes to the clipboard.
      executeCommand: (command, args, next) =>
        command === 'ptelint.copyProof'
          ? vscode.env.clipboard.writeText(args[0])
          : next(command, args),
    },
  });
  return client.start();
};

exports.deactivate = () => client?.stop();
