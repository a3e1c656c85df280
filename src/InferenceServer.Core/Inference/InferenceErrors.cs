using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Inference;

/// <summary>
/// The sentences that requests are refused with. Their substance is that of Triton, so that clients which look for a name or a number in
/// them go on working; each names the request, the tensor, what was expected and what came.
/// </summary>
internal static class InferenceErrors
{
    public static InferenceError UnknownModel(string model) =>
        new(ErrorCode.NotFound, $"Request for unknown model: '{model}' is not found") { Subject = model };

    /// <summary>A plain name for which several namespaces have a model.</summary>
    public static InferenceError AmbiguousModel(string model, IEnumerable<string> choices) =>
        new(ErrorCode.InvalidArgument, $"Request for model '{model}': several namespaces have a model of this name; ask for one of {NameChoices.Print(choices)}")
        {
            Subject = model,
            Expected = NameChoices.Print(choices),
        };

    public static InferenceError UnknownVersion(string model, long version, string readyVersions) =>
        new(ErrorCode.NotFound, $"Request for unknown model: '{model}' version {version} is not found; its ready versions are {readyVersions}")
        {
            Subject = model,
            Expected = readyVersions,
            Actual = version.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };

    public static InferenceError NoReadyVersion(string model) =>
        new(ErrorCode.NotFound, $"Request for unknown model: '{model}' has no available versions") { Subject = model };

    public static InferenceError Starting(string model) =>
        new(ErrorCode.Unavailable, $"Request for model '{model}': the server is starting and has not read its repository yet") { Subject = model };

    public static InferenceError StillLoading(string model) =>
        new(ErrorCode.Unavailable, $"Request for model '{model}': it is still loading and has no available versions yet") { Subject = model };

    public static InferenceError VersionNotReady(string model, long version) =>
        new(ErrorCode.Unavailable, $"Request for unknown model: '{model}' version {version} is not at ready state") { Subject = model };

    /// <summary>Its instances hang, or have too much to do: requests wait and none has been taken for too long.</summary>
    public static InferenceError Stalled(string model, long version, TimeSpan stall) =>
        new(ErrorCode.Unavailable, FormattableString.Invariant($"model '{model}' version {version} makes no progress: requests have waited for {Math.Floor(stall.TotalSeconds)} s while none of its instances took one")) { Subject = model };

    public static InferenceError VersionNotANumber(string version) =>
        new(ErrorCode.InvalidArgument, $"failed to get model version from specified version string '{version}', version should be an integral value > 0")
        {
            Subject = "version",
            Expected = "an integral value > 0",
            Actual = version,
        };

    public static InferenceError SettingChangesOff() =>
        new(ErrorCode.Unsupported, "changes of the settings of the log and of tracing are disabled; the server allows them with --allow-setting-changes");

    public static InferenceError NoStatisticsOfModel(string model) =>
        new(ErrorCode.InvalidArgument, $"requested model '{model}' is not available") { Subject = model };

    public static InferenceError NoStatisticsOfVersion(string model, string version, string readyVersions) =>
        new(ErrorCode.InvalidArgument, $"requested model version is not available for model '{model}': expected one of {readyVersions}, got {version}")
        {
            Subject = model,
            Expected = readyVersions,
            Actual = version,
        };

    public static InferenceError Cancelled(InferenceRequest request) => new(ErrorCode.Cancelled, $"{Prefix(request)}the request was cancelled by its client");

    /// <summary>Before there is a request: its client has gone while it waited for its model.</summary>
    public static InferenceError Cancelled(string model) => new(ErrorCode.Cancelled, $"the request for model '{model}' was cancelled by its client") { Subject = model };

    public static InferenceError DeadlineExceeded(InferenceRequest request) =>
        new(ErrorCode.DeadlineExceeded, $"{Prefix(request)}the deadline of the request passed before its answer was there");

    public static InferenceError QueueTimeout(InferenceRequest request) => new(ErrorCode.Unavailable, $"{Prefix(request)}Request timeout expired");

    /// <summary>Refused at once: what waits before it would take longer than it may wait.</summary>
    public static InferenceError TimeoutTooSoon(InferenceRequest request, TimeSpan wait, TimeSpan allowed) =>
        new(ErrorCode.Unavailable, $"{Prefix(request)}Request timeout expired before its time: it would wait for about {Milliseconds(wait)} and may wait for {Milliseconds(allowed)}")
        {
            Subject = "timeout",
            Expected = $"at least {Milliseconds(wait)}",
            Actual = Milliseconds(allowed),
            RetryAfter = wait,
        };

    /// <summary>Refused at once: its answer would come after its deadline.</summary>
    public static InferenceError DeadlineTooSoon(InferenceRequest request, TimeSpan wait, TimeSpan end, TimeSpan left) =>
        new(ErrorCode.DeadlineExceeded, $"{Prefix(request)}the deadline of the request cannot be met: its answer would take about {Milliseconds(end)}, {Milliseconds(wait)} of them in the queue, and {Milliseconds(left)} are left")
        {
            Subject = "deadline",
            Expected = $"at least {Milliseconds(end)}",
            Actual = Milliseconds(left),
            RetryAfter = wait,
            IsRetryable = true,
            IsCallersLimit = true,
        };

    public static InferenceError QueueFull(InferenceRequest request) =>
        new(ErrorCode.Unavailable, $"{Prefix(request)}Exceeds maximum queue size of model '{request.Lease.Model.Name}'; try again later");

    public static InferenceError NoThread(InferenceRequest request) =>
        new(ErrorCode.Unavailable, $"{Prefix(request)}model '{request.Lease.Model.Name}' gets no thread from the system; try again later");

    public static InferenceError ReaderTooSlow(InferenceRequest request, TimeSpan patience) =>
        new(ErrorCode.ResourceExhausted, $"{Prefix(request)}the responses were not read for {patience.TotalSeconds} s; the request was given up");

    public static InferenceError Decoupled(string model) =>
        new(ErrorCode.Unsupported, $"model '{model}' has a decoupled transaction policy: a request has any number of responses, and this way of asking takes exactly one") { Subject = model };

    public static InferenceError ServerStopping() => new(ErrorCode.Unavailable, "Server is stopping and has stopped accepting new requests");

    public static InferenceError Stopping(InferenceRequest request) =>
        new(ErrorCode.Unavailable, $"{Prefix(request)}Server is stopping, scheduler for model has stopped accepting new inference requests");

    public static InferenceError Backend(InferenceRequest request, string model, BackendException? failure) => failure is null
        ? new(ErrorCode.Internal, $"{Prefix(request)}model '{model}' failed unexpectedly; the server's log says how")
        : new(failure.Code, Prefix(request) + failure.Message);

    public static InferenceError VariantNotText(InferenceRequest request, RequestVariants variants, ParameterValue value) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}parameter '{variants.Parameter}': expected a text, got {value}") { Subject = variants.Parameter, Expected = "a text", Actual = value.ToString() };

    /// <summary>How many there are is told and not which: whose they are is nobody else's business.</summary>
    public static InferenceError UnknownVariant(InferenceRequest request, RequestVariants variants, string name)
    {
        var expected = variants.Names.Count switch
        {
            0 => $"none, since the model has no {variants.Word}s",
            1 => $"the name of the one {variants.Word} that the model has",
            var count => FormattableString.Invariant($"the name of one of the {count} {variants.Word}s that the model has"),
        };
        return new InferenceError(ErrorCode.InvalidArgument, $"{Prefix(request)}parameter '{variants.Parameter}': expected {expected}, got '{name}'") { Subject = variants.Parameter, Expected = expected, Actual = name };
    }

    public static InferenceError DuplicateInput(InferenceRequest request, string name) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}input '{name}' already exists in request") { Subject = name };

    public static InferenceError DuplicateOutput(InferenceRequest request, string name) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}output '{name}' already exists in request") { Subject = name };

    public static InferenceError UnknownOutput(string model, string name, string known) =>
        new(ErrorCode.InvalidArgument, $"unexpected inference output '{name}' for model '{model}'; its outputs are {known}")
        {
            Subject = name,
            Expected = known,
            Actual = name,
        };

    public static InferenceError UnknownInput(string model, string name, string known) =>
        new(ErrorCode.InvalidArgument, $"unexpected inference input '{name}' for model '{model}'; its inputs are {known}")
        {
            Subject = name,
            Expected = known,
            Actual = name,
        };

    public static InferenceError InputCount(InferenceRequest request, string model, string expected, int got, string given, string rest) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}expected {expected} inputs but got {got} inputs for model '{model}'. Got input(s) [{given}], {rest}")
        {
            Subject = "inputs",
            Expected = expected,
            Actual = given,
        };

    public static InferenceError DataType(InferenceRequest request, string model, in TensorView input, TensorDataType expected) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}inference input '{input.Name}' data-type is '{input.DataType.ProtocolName()}', but model '{model}' expects '{expected.ProtocolName()}'")
        {
            Subject = input.Name,
            Expected = expected.ProtocolName(),
            Actual = input.DataType.ProtocolName(),
        };

    public static InferenceError NoBatchDimension(InferenceRequest request, string model, in TensorView input, in TensorShape expected) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}input '{input.Name}' has no shape but model requires batch dimension for '{model}': expected {expected}, got []")
        {
            Subject = input.Name,
            Expected = expected.ToString(),
            Actual = "[]",
        };

    public static InferenceError Shape(InferenceRequest request, string model, in TensorView input, in TensorShape expected, bool isBatching) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}unexpected shape for input '{input.Name}' for model '{model}'. Expected {expected}, got {input.Shape}."
            + (isBatching ? " The first dimension is the batch dimension: the model batches, so every request has one." : ""))
        {
            Subject = input.Name,
            Expected = expected.ToString(),
            Actual = input.Shape.ToString(),
        };

    public static InferenceError BatchDiffers(InferenceRequest request, string model, in TensorView input, long expected) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}input '{input.Name}' batch size does not match other inputs for '{model}': expected {expected} as in the input before it, got {input.Shape[0]}")
        {
            Subject = input.Name,
            Expected = $"{expected} rows",
            Actual = $"{input.Shape[0]} rows",
        };

    public static InferenceError EmptyBatch(InferenceRequest request, string model, in TensorView input) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}input '{input.Name}' has a batch dimension of 0, expected at least 1 row for '{model}'")
        {
            Subject = input.Name,
            Expected = "at least 1 row",
            Actual = "0 rows",
        };

    public static InferenceError BatchTooLarge(InferenceRequest request, string model, int limit, long got) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}inference request batch-size must be <= {limit} for '{model}', got {got}")
        {
            Subject = "batch",
            Expected = $"at most {limit} rows",
            Actual = $"{got} rows",
        };

    public static InferenceError ByteSize(InferenceRequest request, string model, in TensorView input, long expected) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}input byte size mismatch for input '{input.Name}' for model '{model}'. Expected {expected}, got {input.Length}")
        {
            Subject = input.Name,
            Expected = $"{expected} bytes",
            Actual = $"{input.Length} bytes",
        };

    public static InferenceError ShapeTooLarge(InferenceRequest request, in TensorView input) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}invalid shape for input '{input.Name}': the elements of shape {input.Shape} cannot be counted in 63 bits")
        {
            Subject = input.Name,
            Actual = input.Shape.ToString(),
        };

    public static InferenceError StringPrefix(InferenceRequest request, string model, string input, int available) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}incomplete string length indicator for inference input '{input}' for model '{model}', expecting {BytesTensor.PrefixSize} bytes but only {available} bytes available")
        {
            Subject = input,
            Expected = $"{BytesTensor.PrefixSize} bytes",
            Actual = $"{available} bytes",
        };

    public static InferenceError StringData(InferenceRequest request, string input, long length, int available) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}incomplete string data for inference input '{input}', expecting string of length {length} but only {available} bytes available")
        {
            Subject = input,
            Expected = $"{length} bytes",
            Actual = $"{available} bytes",
        };

    public static InferenceError StringCount(InferenceRequest request, string model, string input, long expected, long got) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}expected {expected} string elements for inference input '{input}' for model '{model}', got {got}")
        {
            Subject = input,
            Expected = $"{expected} elements",
            Actual = $"{got} elements",
        };

    /// <summary>The failure of a request, for another one that was waiting for what it would get.</summary>
    public static InferenceError OfAnother(string id, InferenceRequest waiting, InferenceError error)
    {
        var prefix = Prefix(id);

        // In front, or behind the names of ensembles.
        var place = error.Message.IndexOf(prefix, StringComparison.Ordinal);
        return place < 0 ? error : error with { Message = string.Concat(error.Message.AsSpan(0, place), Prefix(waiting), error.Message.AsSpan(place + prefix.Length)) };
    }

    private static string Milliseconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalMilliseconds:0.#} ms");

    /// <summary>How every sentence about a request begins: with its id.</summary>
    public static string Prefix(InferenceRequest request) => Prefix(request.Id);

    private static string Prefix(string id) => $"[request id: {(id.Length == 0 ? "<id_unknown>" : id)}] ";
}
