using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Identity.Repeat;

/// <summary>
/// The example of a decoupled model: element i of input IN is sent back as a response of its own, with its index in IDX, after DELAY[i]
/// milliseconds; the execution lasts at least WAIT milliseconds. An IN without elements has no response at all. The tensors are those of
/// Triton's backend of the same name. With the parameter <c>fail_after</c> an execution fails after so many responses, for clients that want to try out how they
/// read that.
/// </summary>
/// <param name="time">The clock that delays are measured by.</param>
public sealed class RepeatBackend(TimeProvider time) : IBackend
{
    internal const string FailAfterKey = "fail_after";

    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new("repeat");

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        var check = new SignatureCheck("repeat", context);
        check.Input("IN", null, 1);
        check.Input("DELAY", Abstractions.Tensors.TensorDataType.UInt32, 1);
        check.Input("WAIT", Abstractions.Tensors.TensorDataType.UInt32, 1);
        check.Output("OUT", check.TypeOf("IN"), 1);
        check.Output("IDX", Abstractions.Tensors.TensorDataType.UInt32, 1);
        var failAfter = ReadFailAfter(context);
        return check.TryFinish(out var signature, out var errors)
            ? ValueTask.FromResult<IBackendModel>(new DecoupledExample(signature, () => new RepeatInstance(signature, time, failAfter)))
            : throw new BackendException(ErrorCode.InvalidArgument, errors);
    }

    /// <summary>After how many responses an execution fails.</summary>
    private static int ReadFailAfter(ModelLoadContext context) =>
        !context.Parameters.TryGetValue(FailAfterKey, out var text) ? int.MaxValue
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new BackendException(ErrorCode.InvalidArgument, $"parameter '{FailAfterKey}': expected a number of responses of at least 0, got '{text}'");
}
