using Hitless.Core.Api;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary>
/// <c>/v1/firmware</c>: POST takes the image as the body, GET lists, DELETE removes one.
/// <c>/v1/firmware/upload?id=&amp;offset=</c>: the same in parts.
/// </summary>
internal static class FirmwareEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Post("/v1/firmware", ApiJson.Default.ImageInfo, context =>
            unit.UploadImageAsync(context.BodyOfAnySize(), context.RequestAborted)
        );
        routes.Post("/v1/firmware/upload", ApiJson.Default.UploadRequest, ApiJson.Default.UploadStatus, unit.BeginUploadAsync);
        routes.Get("/v1/firmware/upload", ApiJson.Default.UploadStatus, context => unit.UploadAsync(Id(context), context.RequestAborted));
        routes.Answer(HttpMethods.Patch, "/v1/firmware/upload", ApiJson.Default.UploadStatus, context =>
            unit.ContinueUploadAsync(
                Id(context),
                context.Number("offset") ?? throw new BadHttpRequestException("the query wants offset, in bytes"),
                context.BodyOfAnySize(),
                context.RequestAborted
            )
        );
        routes.Answer(HttpMethods.Delete, "/v1/firmware/upload", ApiJson.Default.UploadStatus, context =>
            unit.RemoveUploadAsync(Id(context), context.RequestAborted)
        );
        routes.Answer(HttpMethods.Delete, "/v1/firmware", ApiJson.Default.ImageInfo, context =>
            unit.RemoveImageAsync(
                context.Text("image") ?? throw new BadHttpRequestException("the query wants image, a version or the beginning of a hash"),
                context.RequestAborted
            )
        );
        routes.Get("/v1/firmware", ApiJson.Default.IReadOnlyListImageInfo, context => unit.ImagesAsync(context.RequestAborted));
    }

    private static string Id(HttpContext context) =>
        context.Text("id") ?? throw new BadHttpRequestException("the query wants id, of the upload");
}
