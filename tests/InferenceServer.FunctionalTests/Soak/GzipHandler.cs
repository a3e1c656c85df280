using System.IO.Compression;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Compresses what is sent.</summary>
internal sealed class GzipHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } plain)
        {
            using var packed = new MemoryStream();
            await using (var packing = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                await plain.CopyToAsync(packing, cancellationToken);
            }

            var content = new ByteArrayContent(packed.ToArray());
            foreach (var (name, values) in plain.Headers.Where(static header => header.Key != "Content-Length"))
            {
                content.Headers.TryAddWithoutValidation(name, values);
            }

            content.Headers.ContentEncoding.Add("gzip");
            request.Content = content;
            plain.Dispose();
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
