namespace InferenceServer.Core.Tracing;

/// <summary>The places that a request passes; their names in a trace are those of Triton.</summary>
public enum TraceActivity
{
    /// <summary>The head of an HTTP request is there.</summary>
    HttpReceiveStart,

    /// <summary>Its body has been read.</summary>
    HttpReceiveEnd,

    /// <summary>The HTTP response begins to be written.</summary>
    HttpSendStart,

    /// <summary>The last byte of it has been handed to the network.</summary>
    HttpSendEnd,

    /// <summary>The server waits for a message of a gRPC call.</summary>
    RpcWaitReadStart,

    /// <summary>The message has been read.</summary>
    RpcWaitReadEnd,

    /// <summary>A message of the answer begins to be written.</summary>
    RpcSendStart,

    /// <summary>It has been handed to the network.</summary>
    RpcSendEnd,

    /// <summary>The engine takes the request over.</summary>
    RequestStart,

    /// <summary>The model's queue has it.</summary>
    QueueStart,

    /// <summary>A lane has taken it.</summary>
    ComputeStart,

    /// <summary>The inputs of its execution have been put together.</summary>
    ComputeInputEnd,

    /// <summary>The model has run, or a decoupled one sends its first response.</summary>
    ComputeOutputStart,

    /// <summary>The outputs have been cut into answers.</summary>
    ComputeEnd,

    /// <summary>A response is ready for its front end.</summary>
    ResponseComplete,

    /// <summary>The engine has done with the request.</summary>
    RequestEnd,

    /// <summary>An input, as it enters the queue.</summary>
    TensorQueueInput,

    /// <summary>An output, as the model gave it.</summary>
    TensorBackendOutput,
}
