"""The application: FastAPI for what people read (/docs, /metadata), a bare route for what machines call (/predict)."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from mlwright import __version__
from mlwright.base.errors import VerifyError
from mlwright.base.suggest import did_you_mean
from mlwright.data.schema import Column
from mlwright.serving.access_log import AccessLog
from mlwright.serving.exposition import CONTENT_TYPE
from mlwright.serving.front_route import FrontRoute
from mlwright.serving.layer import Layer
from mlwright.serving.openapi import describe_predict
from mlwright.serving.predict_route import PredictRoute
from mlwright.serving.refusal import Refusal
from mlwright.serving.service import Service
from mlwright.serving.settings import DEFAULT_SETTINGS, Settings

ROUTES = ("/predict", "/health", "/ready", "/metadata", "/metrics", "/docs", "/openapi.json")


def create_app(
    delivery_dir: Path | str, settings: Settings = DEFAULT_SETTINGS, log: AccessLog | None = None
) -> FastAPI:
    """Return the service of a delivery, its model loaded and its example row answered as stored.

    `app.state.service` is the `Service` inside.

    Raises:
        VerifyError: The files are not those of the manifest, or the model answers otherwise than when it was trained.
    """
    service = Service.open(Path(delivery_dir), settings)
    if fault := service.not_ready():
        raise VerifyError(f"The model does not start: {fault}.", hint="run `mlwright verify` on the delivery.")
    return build_app(service, log or AccessLog())


def build_app(service: Service, log: AccessLog) -> FastAPI:
    """Put routes and layer around a service."""
    signature = service.signature
    app = FastAPI(
        title=f"{signature.name}: predicts {signature.target}",
        version=signature.version,
        description=f"Model `{signature.name}` served by mlwright {__version__}.",
        redoc_url=None,
    )
    app.state.service = service
    predict = PredictRoute(service)
    app.router.routes.append(Route("/predict", predict, methods=["POST"]))
    hot: dict[tuple[str, str], ASGIApp] = {("POST", "/predict"): predict}
    if service.front is not None:
        hot["POST", service.front.route] = answered = FrontRoute(service, service.front)
        app.router.routes.append(Route(service.front.route, answered, methods=["POST"]))
    _add_reading_routes(app, service)
    app.add_exception_handler(HTTPException, _refused_by_routing)
    known = frozenset((*ROUTES, *(path for _, path in hot)))
    app.add_middleware(Layer, service=service, routes=known, log=log, hot=hot)
    _describe(app, service)
    return app


def _add_reading_routes(app: FastAPI, service: Service) -> None:
    @app.get("/health", summary="Whether the process is alive")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/ready", summary="Whether it should get requests", responses={503: {"description": "It should not"}})
    async def ready(response: Response) -> dict[str, str]:
        fault = service.not_ready()
        response.status_code = 503 if fault else 200
        return {"status": "not ready", "reason": fault} if fault else {"status": "ready"}

    @app.get("/metadata", summary="What the model takes and gives")
    async def metadata() -> dict[str, Any]:
        return _metadata(service)

    @app.get("/metrics", summary="Counters in Prometheus' text format", response_class=Response)
    async def metrics() -> Response:
        return Response(service.gauges.render(), media_type=CONTENT_TYPE)

    _ = (health, ready, metadata, metrics)


async def _refused_by_routing(request: Request, error: Exception) -> Response:
    """A path or method that is not there, in our three parts: raised on, so that the layer writes it."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    path = request.url.path
    if status == 405:
        raise Refusal(
            f"{request.method} is not allowed on {path}.",
            hint="POST a JSON body to /predict; GET everything else.",
            status=405,
            code="method_not_allowed",
        )
    raise Refusal(
        f"There is no route '{path[:80]}'.", hint=did_you_mean(path[:80], ROUTES), status=status, code="not_found"
    )


def _describe(app: FastAPI, service: Service) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            app.openapi_schema = describe_predict(document, service)
            if service.front is not None:
                app.openapi_schema["paths"][service.front.route] = service.front.describe()
        return app.openapi_schema

    app.openapi = openapi


def _metadata(service: Service) -> dict[str, Any]:
    signature = service.signature
    about: dict[str, Any] = {
        "model": {"name": signature.name, "version": signature.version},
        "task": signature.task.value,
        "target": signature.target,
        "inputs": [_input(column) for column in signature.inputs],
        "mlwright": __version__,
    }
    if signature.task.is_classification:
        about["classes"] = [service.replies.label(name) for name in signature.classes]
        about["positive"] = None if signature.positive is None else service.replies.label(signature.positive)
        about["threshold"] = signature.threshold
    if isinstance(service.scores, dict):
        about["scores"] = service.scores.get("test")
    return about


def _input(column: Column) -> dict[str, Any]:
    kept = {"name", "type", "minimum", "maximum", "levels", "formats", "missing_share", "example"}
    return {name: value for name, value in column.model_dump(mode="json").items() if name in kept}
