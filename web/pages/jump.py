"""`/jump`: to a trace, span, event, conversation, page, tool, user or issue by its id or a part of its name."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from web.context import WebContext, context_of
from web.lists.jump_search import read_suggestions, suggestions_json
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter()
Context = Annotated[WebContext, Depends(context_of)]


@router.get("/jump.json")
async def show_json(context: Context, to: str = "") -> Response:
    """`{"to", "suggestions": [{"kind", "label", "about", "url", "is_exact"}]}`, at most 20."""
    return json_answer(suggestions_json(to, await read_suggestions(context, to)))


@router.get("/jump")
async def jump(request: Request, context: Context, to: str = "") -> Response:
    """Goes there when the text names one thing; else a page of what it may mean. For the palette its lines alone."""
    found = await read_suggestions(context, to)
    if request.headers.get("hx-target") == "palette-list":
        return page("_palette.html", suggestions=found)
    exact = [suggestion for suggestion in found if suggestion.is_exact]
    if to.strip() and (exact or len(found) == 1):
        return RedirectResponse((exact or found)[0].url, 303)
    return page("jump.html", to=to, suggestions=found, footer=await context.footer())
