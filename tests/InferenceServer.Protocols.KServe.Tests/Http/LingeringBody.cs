using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>The body of an answer whose flushes take until something has happened.</summary>
internal sealed class LingeringBody(IHttpResponseBodyFeature inner, Task happens) : IHttpResponseBodyFeature
{
    public Stream Stream => inner.Stream;

    public PipeWriter Writer { get; } = new LingeringWriter(inner.Writer, happens);

    public Task CompleteAsync() => inner.CompleteAsync();

    public void DisableBuffering() => inner.DisableBuffering();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => inner.SendFileAsync(path, offset, count, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);
}
