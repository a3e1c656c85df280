using System.Globalization;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Memory;
using InferenceServer.Microbenchmarks.Json;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Microbenchmarks.Binary;

/// <summary>A body of JSON and bytes behind it, read into tensor memory.</summary>
internal sealed class BinaryReadStage : IStage, IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly InferRequestReader _reader;
    private readonly ModelConfig _model;
    private readonly ReplayedBody _body;
    private readonly DefaultHttpContext _context = new();

    public BinaryReadStage(TensorCase tensor)
    {
        _reader = new InferRequestReader(_pool, new KServeHttpOptions());
        _model = SampleModel.Config(tensor.Type);
        var data = tensor.Bytes;
        var head = JsonRequest.HeadOf(tensor, data.Length);
        byte[] bytes = [.. head, .. data];
        _body = new ReplayedBody(bytes);
        _context.Features.Set<IRequestBodyPipeFeature>(_body);
        _context.Request.ContentLength = bytes.Length;
        _context.Request.Headers[InferResponseWriter.HeaderLengthName] = head.Length.ToString(CultureInfo.InvariantCulture);
    }

    public void Run()
    {
        _body.Rewind();
        using var header = InferHeader.Rent();
        var reading = _reader.ReadAsync(_context.Request, _model, header);
        if (!reading.IsCompletedSuccessfully || reading.Result is not null)
        {
            throw new InvalidOperationException("the body was not read");
        }
    }

    public void Dispose() => _pool.Dispose();
}
