namespace InferenceServer.Core.Tracing;

/// <summary>The names of activities in a trace.</summary>
internal static class TraceActivities
{
    private static readonly string[] s_names =
    [
        "HTTP_RECV_START", "HTTP_RECV_END", "HTTP_SEND_START", "HTTP_SEND_END",
        "GRPC_WAITREAD_START", "GRPC_WAITREAD_END", "GRPC_SEND_START", "GRPC_SEND_END",
        "REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END",
        "INFER_RESPONSE_COMPLETE", "REQUEST_END", "TENSOR_QUEUE_INPUT", "TENSOR_BACKEND_OUTPUT",
    ];

    public static string NameOf(TraceActivity activity) => s_names[(int)activity];
}
