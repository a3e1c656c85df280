using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity.Square;

/// <summary>
/// The other example of a decoupled model: the number n in input IN is answered by n responses, each with n in output OUT. The tensors
/// are those of Triton's backend of the same name.
/// </summary>
public sealed class SquareBackend : IBackend
{
    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new("square") { ReportsResponses = true };

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        var check = new SignatureCheck("square", context);
        check.Input("IN", TensorDataType.Int32, 1);
        check.Output("OUT", TensorDataType.Int32, 1);
        return check.TryFinish(out var signature, out var errors)
            ? ValueTask.FromResult<IBackendModel>(new DecoupledExample(signature, static () => new SquareInstance()))
            : throw new BackendException(ErrorCode.InvalidArgument, errors);
    }
}
