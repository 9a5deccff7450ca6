"""The server, spoken to by the test client pytest-lsp as several editors would: what it sends has
the types of the protocol (lsprotocol reads every message), and nothing the editor cannot do.

PTELINT is the program, PTELINT_TREE the small tree.
"""

import asyncio
import os
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

TREE = pathlib.Path(os.environ["PTELINT_TREE"])
SERVER = ClientServerConfig(server_command=[os.environ["PTELINT"], "lsp"])
EDITORS = [
    "visual-studio-code",
    "neovim@v0.7.0",
    "neovim@v0.9.1",
    "neovim@v0.11.0",
    "emacs",
]
GUARD = "\tif (is_ordinary(vma))\n"

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("error::pytest_lsp.checks.LspSpecificationWarning"),
]


@pytest_lsp.fixture(config=SERVER, params=EDITORS)
async def client(request, lsp_client: LanguageClient):
    # The test client knows other requests of servers, and not these.
    for method in [
        "client/registerCapability",
        "workspace/codeLens/refresh",
        "workspace/inlayHint/refresh",
    ]:
        lsp_client.feature(method)(lambda _: None)
    folder = types.WorkspaceFolder(uri=TREE.as_uri(), name="tree")
    result = await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            root_uri=TREE.as_uri(),
            workspace_folders=[folder],
        )
    )
    lsp_client.is_asked_for_diagnostics = (
        result.capabilities.diagnostic_provider is not None
    )
    yield
    await lsp_client.shutdown_session()


def uri_of(path):
    return (TREE / path).as_uri()


def position_of(text, anchor):
    before = text[: text.index(anchor)]
    return types.Position(
        line=before.count("\n"), character=len(before) - (before.rfind("\n") + 1)
    )


def range_of(text, anchor):
    end = text[: text.index(anchor) + len(anchor)]
    return types.Range(
        start=position_of(text, anchor),
        end=types.Position(
            line=end.count("\n"), character=len(end) - (end.rfind("\n") + 1)
        ),
    )


def opened(client, path, text=None):
    text = text if text is not None else (TREE / path).read_text()
    item = types.TextDocumentItem(
        uri=uri_of(path), language_id="c", version=1, text=text
    )
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    return text


def changed(client, path, version, change):
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(
                uri=uri_of(path), version=version
            ),
            content_changes=[change],
        )
    )


async def rules_in(client, path):
    """The rules of the diagnostics of a file, asked for or sent."""
    if client.is_asked_for_diagnostics:
        report = await client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(
                text_document=types.TextDocumentIdentifier(uri=uri_of(path))
            )
        )
        return [one.code for one in report.items]
    return [one.code for one in client.diagnostics.get(uri_of(path), [])]


async def until(condition):
    for _ in range(1200):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never holds")


async def test_diagnostics_follow_edits(client):
    path = "mm/remake.c"
    text = opened(client, path)

    async def rebuilds():
        return "generic-rebuild" in await rules_in(client, path)

    change = types.TextDocumentContentChangePartial(
        range=range_of(text, GUARD), text=""
    )
    changed(client, path, 2, change)
    await until(rebuilds)
    changed(client, path, 3, types.TextDocumentContentChangeWholeDocument(text=text))

    async def is_well():
        return not await rebuilds()

    await until(is_well)


async def test_answers_have_the_types_of_the_protocol(client):
    path = "mm/remake.c"
    text = opened(client, path)
    document = types.TextDocumentIdentifier(uri=uri_of(path))
    place = position_of(text, "mk_pte(")

    async def hovered():
        hover = await client.text_document_hover_async(
            types.HoverParams(text_document=document, position=place)
        )
        return hover is not None and "flags" in hover.contents.value

    await until(hovered)
    guards = await client.text_document_definition_async(
        types.DefinitionParams(text_document=document, position=place)
    )
    assert [one.range.start for one in guards] == [
        position_of(text, "is_ordinary(vma))")
    ]
    uses = await client.text_document_references_async(
        types.ReferenceParams(
            text_document=document,
            position=guards[0].range.start,
            context=types.ReferenceContext(include_declaration=False),
        )
    )
    assert [one.range.start for one in uses] == [place]
    lenses = await client.text_document_code_lens_async(
        types.CodeLensParams(text_document=document)
    )
    assert lenses[0].command.title == "safe: flags"
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            text_document=document,
            range=types.Range(start=place, end=place),
            context=types.CodeActionContext(diagnostics=[]),
        )
    )
    assert [one.title for one in actions] == ["Copy the proof as text"]
    items = await client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(
            text_document=document, position=position_of(text, "remake(struct")
        )
    )
    assert [one.name for one in items] == ["remake"]
    callers = await client.call_hierarchy_incoming_calls_async(
        types.CallHierarchyIncomingCallsParams(item=items[0])
    )
    assert [one.from_.name for one in callers] == ["handle"]


async def test_a_file_that_is_no_text_is_no_obstacle(client):
    path = "drivers/video/first_fb.c"
    opened(client, path, "\x00\ufffd\u2028" * 100_000)

    async def is_forgotten():
        return await rules_in(client, path) == []

    await until(is_forgotten)
