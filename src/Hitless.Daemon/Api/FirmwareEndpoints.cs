using Hitless.Core.Api;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary><c>/v1/firmware</c>: POST takes the image as the body, GET lists.</summary>
internal static class FirmwareEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Post("/v1/firmware", ApiJson.Default.ImageInfo, context =>
            unit.UploadImageAsync(context.BodyOfAnySize(), context.RequestAborted)
        );
        routes.Get("/v1/firmware", ApiJson.Default.IReadOnlyListImageInfo, context => unit.ImagesAsync(context.RequestAborted));
    }
}
